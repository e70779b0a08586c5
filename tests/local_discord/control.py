"""The local Discord's remote control: what a test in another process may see and do.

All answers are JSON. ``GET state``, ``messages``, ``requests``, ``complaints``,
``faults``; ``GET wait`` with least counts (``?messages=3&resumed=1``) answers with
the state once they are reached; ``POST faults`` with a fault's fields, ``DELETE faults`` or
``faults/{id}``; ``POST limits``; ``POST do/{verb}`` with the verb's arguments by
name, or in a list; ``POST people/{verb}`` with them by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from simcord.backend.errors import BackendError

from tests.local_discord.faults import Effect, Fault
from tests.local_discord.interactions import Answer, Impossible, NoAnswer
from tests.local_discord.limits import DISCORD_LIMITS, Limits, Scope

if TYPE_CHECKING:
    from tests.local_discord.server import LocalDiscord

Handler = Callable[[web.Request], Coroutine[Any, Any, web.Response]]


class Control:
    """Answers under ``/control/``."""

    def __init__(self, server: LocalDiscord) -> None:
        self._server = server
        world, gateway, rules = server.world, server.gateway, server.rules
        self._verbs: dict[str, Callable[..., object]] = {
            "add_guild": world.add_guild,
            "add_channel": world.add_channel,
            "add_forum": world.add_forum,
            "add_user": world.add_user,
            "deny": world.deny,
            "allow": world.allow,
            "hide": world.hide,
            "show": world.show,
            "delete_channel": world.delete_channel,
            "delete_message": world.delete_message,
            "archive": world.archive,
            "remove_bot": world.remove_bot,
            "invite_bot": world.invite_bot,
            "outage": world.outage,
            "end_outage": world.end_outage,
            "join": world.join,
            "leave": world.leave,
            "say": world.say,
            "dm_of": world.dm_of,
            "threads": world.threads,
            "contents": world.messages,
            "close_dms": rules.closed_dms.add,
            "open_dms": rules.closed_dms.discard,
            "lose_mutual": rules.no_mutual.add,
            "find_mutual": rules.no_mutual.discard,
            "reconnect": gateway.reconnect,
            "invalidate": gateway.invalidate,
            "cut": gateway.cut,
            "advance_clock": server.clock.advance,
        }

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/state", self._state),
            web.get("/control/wait", self._wait),
            web.get("/control/messages", self._messages),
            web.get("/control/requests", self._requests),
            web.get("/control/complaints", self._complaints),
            web.get("/control/faults", self._faults),
            web.post("/control/faults", self._add_fault),
            web.delete("/control/faults", self._clear_faults),
            web.delete("/control/faults/{id:\\d+}", self._lift_fault),
            web.post("/control/limits", self._limit),
            web.post("/control/do/{verb}", self._do),
            web.post("/control/people/{verb}", self._people),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        server = self._server
        more = {
            "now": server.clock.seconds(),
            "statuses": server.ledger.statuses(),
            "refused": server.limiter.refused,
            "invalid": server.limiter.invalid,
        }
        return web.json_response({**server.world.describe(), **self._counts(), **more})

    def _counts(self) -> dict[str, int]:
        server = self._server
        return {
            "identified": server.gateway.identified,
            "resumed": server.gateway.resumed,
            "messages": len(server.ledger.messages),
            "requests": len(server.ledger.requests),
            "complaints": len(server.ledger.complaints),
        }

    async def _wait(self, request: web.Request) -> web.Response:
        """Answer 408 where the counts are not reached within ``seconds`` (10)."""
        least = {key: int(value) for key, value in request.query.items() if key != "seconds"}

        def reached() -> bool:
            counts = self._counts()
            return all(counts[key] >= number for key, number in least.items())

        try:
            await self._server.until(reached, float(request.query.get("seconds", 10)))
        except TimeoutError:
            return web.json_response(self._counts(), status=408)
        return web.json_response(self._counts())

    async def _messages(self, request: web.Request) -> web.Response:
        channel_id = request.query.get("channel_id")
        return web.json_response(
            [
                dataclasses.asdict(message)
                for message in self._server.ledger.messages.values()
                if channel_id in {None, str(message.channel_id)}
            ]
        )

    async def _requests(self, request: web.Request) -> web.Response:
        skip = int(request.query.get("skip", 0))
        return _rows(self._server.ledger.requests[skip:])

    async def _complaints(self, request: web.Request) -> web.Response:
        return _rows(self._server.ledger.complaints)

    async def _faults(self, request: web.Request) -> web.Response:
        waiting = self._server.faults.waiting().items()
        return web.json_response([{"id": i, **dataclasses.asdict(fault)} for i, fault in waiting])

    async def _add_fault(self, request: web.Request) -> web.Response:
        fields = await request.json()
        fields["effect"] = Effect(fields["effect"])
        fields["scope"] = Scope(fields.get("scope", Scope.USER))
        return web.json_response({"id": self._server.faults.add(Fault(**fields))})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._server.faults.clear()
        return web.json_response({})

    async def _lift_fault(self, request: web.Request) -> web.Response:
        self._server.faults.lift(int(request.match_info["id"]))
        return web.json_response({})

    async def _limit(self, request: web.Request) -> web.Response:
        """``{"on": true}`` for Discord's limits, false for none."""
        on = (await request.json())["on"]
        self._server.limiter.limits = DISCORD_LIMITS if on else Limits()
        return web.json_response({})

    async def _do(self, request: web.Request) -> web.Response:
        verb = self._verbs.get(request.match_info["verb"])
        if verb is None:
            raise web.HTTPNotFound
        arguments = await request.json()
        try:
            done = verb(*arguments) if isinstance(arguments, list) else verb(**arguments)
        except (TypeError, KeyError, BackendError) as error:
            return _refused(error)
        return web.json_response({"result": done})

    async def _people(self, request: web.Request) -> web.Response:
        """Do as a person would; waits for ``finished`` unless that is false."""
        verbs = {
            "slash": self._server.slash,
            "autocomplete": self._server.autocomplete,
            "menu": self._server.menu,
            "press": self._server.press,
            "select": self._server.select,
        }
        verb = verbs.get(request.match_info["verb"])
        if verb is None:
            raise web.HTTPNotFound
        try:
            answer = await verb(**await request.json())
            return web.json_response(_told(await answer.finished()))
        except (Impossible, NoAnswer, TimeoutError) as error:
            return _refused(error)


def _refused(error: Exception) -> web.Response:
    return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=409)


def _told(answer: Answer) -> dict[str, object]:
    return {
        "kind": answer.kind,
        "milliseconds": answer.milliseconds,
        "ephemeral": answer.ephemeral,
        "text": answer.text,
        "message": answer.message,
        "followups": answer.followups,
        "choices": answer.choices,
        "modal": answer.modal,
    }


def _rows(items: Iterable[Any]) -> web.Response:
    return web.json_response([dataclasses.asdict(item) for item in items])
