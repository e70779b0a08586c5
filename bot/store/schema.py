"""The tables, as migrations that are never edited once merged."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from bot.errors import StoreError
from bot.store import title_places

migrations = Migrations("paperwire")


@migrations()
def papers(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT;

        CREATE TABLE paper (
            id TEXT PRIMARY KEY,            -- arXiv id without version, or title-…
            title TEXT NOT NULL,
            title_key TEXT NOT NULL,        -- models.title_key: finds the same title spelled otherwise
            abstract TEXT NOT NULL,         -- empty where no source gave one
            authors TEXT NOT NULL,          -- JSON list of names, in the paper's order
            published_at TEXT,              -- NULL where no source said
            updated_at TEXT,                -- NULL where no source said
            version INTEGER,                -- NULL where no source said
            categories TEXT NOT NULL,       -- JSON list, the primary first
            comment TEXT,                   -- NULL: none
            doi TEXT,                       -- NULL: none
            journal_ref TEXT,               -- NULL: none
            ai_summary TEXT,                -- NULL: none
            ai_keywords TEXT NOT NULL,      -- JSON list
            organization TEXT,              -- NULL: none known
            code_url TEXT,                  -- NULL: none known
            project_url TEXT,               -- NULL: none known
            thumbnail_url TEXT,             -- NULL: none
            media_urls TEXT NOT NULL,       -- JSON list
            withdrawn INTEGER NOT NULL DEFAULT 0,  -- 1: the authors took it back
            first_seen_at TEXT NOT NULL,
            revision INTEGER NOT NULL       -- grows over the whole table with each change of text
        ) STRICT;
        CREATE UNIQUE INDEX paper_by_revision ON paper (revision);
        CREATE INDEX paper_by_title ON paper (title_key);
        CREATE INDEX paper_by_date ON paper (published_at);

        -- Ids that a paper had before a source gave it its arXiv id.
        CREATE TABLE paper_alias (
            alias TEXT PRIMARY KEY,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            revision INTEGER NOT NULL       -- shares the papers' count, so that indexes drop the alias
        ) STRICT;
        CREATE INDEX alias_by_revision ON paper_alias (revision);
        CREATE INDEX alias_by_paper ON paper_alias (paper_id);

        -- What each source says of a paper, merged into the paper's row by bot.merging.
        CREATE TABLE statement (
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            source TEXT NOT NULL,
            first_said_at TEXT NOT NULL,
            said_at TEXT NOT NULL,          -- since when it says what it says now
            fields TEXT,                    -- JSON; NULL while the paper's row is exactly this
            PRIMARY KEY (paper_id, source)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE snapshot (
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            source TEXT NOT NULL,
            taken_at TEXT NOT NULL,
            upvotes INTEGER,                -- NULL where not said
            comments INTEGER,               -- NULL where not said
            stars INTEGER,                  -- NULL where not said
            PRIMARY KEY (paper_id, source, taken_at)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX snapshot_by_time ON snapshot (taken_at);

        CREATE TABLE listing (
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            day TEXT NOT NULL,              -- YYYY-MM-DD in the source's calendar
            seen_at TEXT NOT NULL,          -- first time
            changed_at TEXT NOT NULL,       -- last time it brought or dropped something
            PRIMARY KEY (source, name, day)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE listing_entry (
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            day TEXT NOT NULL,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            rank INTEGER NOT NULL,          -- 1 is first
            seen_at TEXT NOT NULL,          -- when it joined the list
            PRIMARY KEY (source, name, day, paper_id),
            FOREIGN KEY (source, name, day) REFERENCES listing ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX entry_by_paper ON listing_entry (paper_id);
        CREATE INDEX entry_by_day ON listing_entry (day);

        CREATE TABLE source_state (
            source TEXT NOT NULL,
            name TEXT NOT NULL,             -- which of the source's lists
            tried_at TEXT,                  -- NULL: never
            good_at TEXT,                   -- NULL: never
            error TEXT,                     -- NULL after a good answer
            retry_at TEXT,                  -- NULL: whenever
            etag TEXT,                      -- NULL: none given
            last_modified TEXT,             -- NULL: none given
            PRIMARY KEY (source, name)
        ) STRICT, WITHOUT ROWID;

        -- The last request to each source that wants gaps between them, kept over restarts.
        CREATE TABLE source_request (
            source TEXT PRIMARY KEY,
            asked_at TEXT NOT NULL
        ) STRICT;

        -- Saved files that were taken in, so that the same file gives the same moments again.
        CREATE TABLE import (
            digest TEXT PRIMARY KEY,        -- SHA-256 of the file's bytes
            imported_at TEXT NOT NULL       -- the first time
        ) STRICT;
        """
    )


@migrations()
def wishes(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE feed (
            id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: old buttons carry it
            guild_id INTEGER NOT NULL,
            channel_id INTEGER NOT NULL,
            created_by INTEGER NOT NULL,
            created_at TEXT NOT NULL,       -- also the baseline: what was seen before is not news
            topic TEXT NOT NULL,            -- empty: everything
            style TEXT NOT NULL,            -- digest, cards or forum
            hour INTEGER NOT NULL,          -- 0–23 in the feed's zone
            timezone TEXT NOT NULL,         -- IANA name
            days TEXT NOT NULL,             -- JSON list of weekdays, Monday is 0
            min_votes INTEGER NOT NULL,
            max_papers INTEGER NOT NULL,
            role_id INTEGER,                -- NULL: ping nobody
            paused_at TEXT,                 -- NULL while it runs
            paused_because TEXT             -- NULL while it runs, or paused by a person
        ) STRICT;
        CREATE INDEX feed_by_guild ON feed (guild_id);
        CREATE INDEX feed_by_channel ON feed (channel_id);

        -- What was decided of each paper for each feed.
        CREATE TABLE feed_paper (
            feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            verdict TEXT NOT NULL,          -- post, or held
            reason TEXT,                    -- NULL for post
            decided_at TEXT NOT NULL,
            delivery_id INTEGER REFERENCES delivery (id),   -- NULL while held
            PRIMARY KEY (feed_id, paper_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE person (
            user_id INTEGER PRIMARY KEY,
            timezone TEXT NOT NULL DEFAULT 'UTC',
            hour INTEGER NOT NULL DEFAULT 9,
            dm_channel_id INTEGER,          -- NULL until their own command opened it
            dm_closed_at TEXT,              -- NULL while it is open
            dm_closed_because TEXT,         -- NULL while it is open
            created_at TEXT NOT NULL
        ) STRICT;

        CREATE TABLE topic (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES person (user_id) ON DELETE CASCADE,
            query TEXT NOT NULL,            -- as typed
            strictness TEXT NOT NULL,       -- strict, normal or broad
            created_at TEXT NOT NULL,       -- also the baseline
            paused_until TEXT,              -- NULL: not paused
            UNIQUE (user_id, query)
        ) STRICT;

        CREATE TABLE match (
            topic_id INTEGER NOT NULL REFERENCES topic (id) ON DELETE CASCADE,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            user_id INTEGER NOT NULL,
            reason TEXT NOT NULL,           -- in words
            matched_at TEXT NOT NULL,
            delivery_id INTEGER REFERENCES delivery (id),   -- NULL until an alert carries it
            PRIMARY KEY (topic_id, paper_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX match_by_user ON match (user_id, paper_id);
        CREATE INDEX match_waiting ON match (user_id) WHERE delivery_id IS NULL;

        -- Which papers the topics have seen, and with which text.
        CREATE TABLE matched (
            paper_id TEXT PRIMARY KEY REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            revision INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE saved (
            user_id INTEGER NOT NULL,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            saved_at TEXT NOT NULL,
            PRIMARY KEY (user_id, paper_id)
        ) STRICT, WITHOUT ROWID;

        -- The outbox: every message that we owe or owed anybody.
        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            target TEXT NOT NULL,           -- channel:ID or user:ID
            kind TEXT NOT NULL,             -- digest, card, post, alert or notice
            subject TEXT NOT NULL,          -- what it is about
            payload TEXT NOT NULL,          -- JSON: ids to render, never rendered text
            state TEXT NOT NULL,            -- owed, sending, sent, held or gave_up
            nonce TEXT NOT NULL,            -- at most 25 characters, made from the key
            guild_id INTEGER,               -- NULL for people
            feed_id INTEGER,                -- NULL for people
            user_id INTEGER,                -- NULL for feeds
            created_at TEXT NOT NULL,
            due_at TEXT NOT NULL,
            expires_at TEXT,                -- NULL: never stale
            attempts INTEGER NOT NULL DEFAULT 0,
            claimed_at TEXT,                -- NULL until first claimed
            uncertain_at TEXT,              -- since when it may be there without our knowing; NULL: it is not
            sent_at TEXT,                   -- NULL until sent
            message_id INTEGER,             -- NULL until sent
            place_id INTEGER,               -- the channel or thread it is in; NULL until known
            reason TEXT,                    -- why it is held, late or given up; NULL otherwise
            UNIQUE (target, kind, subject)
        ) STRICT;
        CREATE INDEX delivery_owed ON delivery (due_at) WHERE state IN ('owed', 'sending');
        CREATE INDEX delivery_by_feed ON delivery (feed_id, created_at);
        CREATE INDEX delivery_by_user ON delivery (user_id, created_at);
        CREATE INDEX delivery_by_message ON delivery (message_id) WHERE message_id IS NOT NULL;
        """
    )


@migrations()
def happenings(db: Database) -> None:
    db.executescript(
        """
        -- What happened to papers after we heard of them.
        CREATE TABLE paper_event (
            id INTEGER PRIMARY KEY,         -- in the order in which we noticed
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            kind TEXT NOT NULL,             -- code, weights, data, demo, version, withdrawn or listed
            at TEXT NOT NULL,               -- when a source told us
            detail TEXT NOT NULL,           -- what appeared; empty for withdrawn
            UNIQUE (paper_id, kind, detail)
        ) STRICT;
        CREATE INDEX event_by_time ON paper_event (at);

        CREATE INDEX posted_by_time ON feed_paper (decided_at) WHERE verdict = 'post';

        -- When we last looked at a single paper for what has appeared.
        CREATE TABLE paper_look (
            paper_id TEXT PRIMARY KEY REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            looked_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- How papers were taken up, by Semantic Scholar.
        CREATE TABLE reception (
            paper_id TEXT PRIMARY KEY REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            citations INTEGER,              -- NULL where not known
            influential_citations INTEGER,  -- NULL where not known
            venue TEXT,                     -- NULL: none, or not known
            asked_at TEXT NOT NULL          -- also of those it does not know
        ) STRICT, WITHOUT ROWID;

        -- How far each set of arXiv's catalogue has been read. Days as YYYY-MM-DD in UTC.
        CREATE TABLE backfill (
            name TEXT PRIMARY KEY,          -- the set, such as cs:cs:CL
            since TEXT,                     -- all that changed from this day …
            until TEXT,                     -- … to this one is here; both NULL before the first leg's end
            leg_since TEXT,                 -- days being read; NULL between legs
            leg_until TEXT,                 -- NULL between legs
            token TEXT,                     -- asks for the leg's next page; NULL for its first
            token_at TEXT                   -- when arXiv gave it; NULL without one
        ) STRICT, WITHOUT ROWID;
        """
    )


@migrations()
def schedules(db: Database) -> None:
    db.executescript(
        """
        ALTER TABLE person ADD COLUMN frequency TEXT NOT NULL DEFAULT 'daily';
        -- instant, daily or weekly
        ALTER TABLE person ADD COLUMN quiet_days TEXT NOT NULL DEFAULT '[]';
        -- JSON list of weekdays without alerts, Monday is 0
        ALTER TABLE person ADD COLUMN max_papers INTEGER NOT NULL DEFAULT 8;
        -- papers in an alert
        """
    )


@migrations()
def leavings(db: Database) -> None:
    db.execute(
        "ALTER TABLE listing_entry ADD COLUMN left_at TEXT"
        " /* when a look at the whole list did not show it any more; NULL: it is there */"
    )


@migrations()
def full_texts(db: Database) -> None:
    db.executescript(
        """
        -- Full texts of papers that were asked about. A cache: it can be emptied at any time.
        CREATE TABLE full_text (
            paper_id TEXT PRIMARY KEY REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            version INTEGER,                -- the paper's when it was fetched; NULL where not known
            gives_orders INTEGER NOT NULL,  -- 1: to language models
            size INTEGER,                   -- characters; NULL: nobody has the text
            fetched_at TEXT NOT NULL,
            used_at TEXT NOT NULL           -- the last time that it was read for an answer
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX full_text_by_use ON full_text (used_at);

        CREATE TABLE passage (
            id INTEGER PRIMARY KEY,         -- a paper's follow each other, in its order
            paper_id TEXT NOT NULL
                REFERENCES full_text (paper_id) ON UPDATE CASCADE ON DELETE CASCADE,
            section TEXT NOT NULL,          -- its heading; empty before the first
            url TEXT NOT NULL,
            position INTEGER NOT NULL,      -- of its first sentence in the paper, from 0
            text TEXT NOT NULL              -- sentences, a line each
        ) STRICT;
        CREATE INDEX passage_by_paper ON passage (paper_id);

        CREATE VIRTUAL TABLE passage_words USING fts5 (
            text, content = 'passage', content_rowid = 'id', tokenize = 'porter unicode61'
        );
        CREATE TRIGGER passage_added AFTER INSERT ON passage BEGIN
            INSERT INTO passage_words (rowid, text) VALUES (new.id, new.text);
        END;
        CREATE TRIGGER passage_gone AFTER DELETE ON passage BEGIN
            INSERT INTO passage_words (passage_words, rowid, text)
            VALUES ('delete', old.id, old.text);
        END;
        """
    )


@migrations()
def topic_changes(db: Database) -> None:
    db.executescript(
        """
        -- Which topics came, changed or went, in order: whoever keeps topics in memory catches up.
        CREATE TABLE topic_change (
            topic_id INTEGER PRIMARY KEY,   -- also of topics that are gone
            revision INTEGER NOT NULL       -- grows over the whole table with each change
        ) STRICT;
        CREATE UNIQUE INDEX topic_change_by_revision ON topic_change (revision);
        INSERT INTO topic_change (topic_id, revision) SELECT id, id FROM topic;

        CREATE TRIGGER topic_came AFTER INSERT ON topic BEGIN
            INSERT OR REPLACE INTO topic_change (topic_id, revision)
                SELECT new.id, coalesce(max(revision), 0) + 1 FROM topic_change;
        END;
        CREATE TRIGGER topic_changed AFTER UPDATE OF query, strictness ON topic BEGIN
            INSERT OR REPLACE INTO topic_change (topic_id, revision)
                SELECT new.id, coalesce(max(revision), 0) + 1 FROM topic_change;
        END;
        CREATE TRIGGER topic_went AFTER DELETE ON topic BEGIN
            INSERT OR REPLACE INTO topic_change (topic_id, revision)
                SELECT old.id, coalesce(max(revision), 0) + 1 FROM topic_change;
        END;
        """
    )


@migrations()
def what_messages_carry(db: Database) -> None:
    db.executescript(
        """
        CREATE INDEX decided_by_delivery ON feed_paper (delivery_id) WHERE delivery_id IS NOT NULL;
        CREATE INDEX IF NOT EXISTS match_by_delivery ON match (delivery_id)
            WHERE delivery_id IS NOT NULL;
        """
    )


@migrations()
def mailboxes(db: Database) -> None:
    db.executescript(
        """
        -- Where a person wants their alerts by e-mail, proved by a code.
        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: links in old mails carry it
            user_id INTEGER NOT NULL UNIQUE REFERENCES person (user_id) ON DELETE CASCADE,
            address TEXT NOT NULL,          -- in its normal form, with letters beyond ASCII
            keeps_dm INTEGER NOT NULL,      -- 1: the direct message comes as well
            confirmed_at TEXT NOT NULL,
            stopped_at TEXT,                -- NULL while it is used
            stopped_because TEXT            -- in words for the person; NULL while it is used
        ) STRICT;

        -- An address that waits for its code, one a person.
        CREATE TABLE mailbox_claim (
            id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: deliveries carry it
            user_id INTEGER NOT NULL UNIQUE REFERENCES person (user_id) ON DELETE CASCADE,
            address TEXT NOT NULL,
            keeps_dm INTEGER NOT NULL,      -- as in mailbox
            code TEXT NOT NULL,             -- six digits
            tries INTEGER NOT NULL DEFAULT 0,       -- wrong codes so far
            expires_at TEXT NOT NULL
        ) STRICT;

        -- The codes of the last day, for limits; also of people who were forgotten since.
        CREATE TABLE mailbox_code (
            user_id INTEGER NOT NULL,
            address_digest TEXT NOT NULL,   -- SHA-256 under this database's secret, never the address
            sent_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX code_by_user ON mailbox_code (user_id);
        CREATE INDEX code_by_address ON mailbox_code (address_digest);

        -- Mails whose text is on its way to the server: from then on it may have taken them.
        CREATE TABLE mail_handed_over (
            delivery_id INTEGER PRIMARY KEY REFERENCES delivery (id) ON DELETE CASCADE,
            at TEXT NOT NULL
        ) STRICT;
        """
    )


@migrations()
def topic_texts(db: Database) -> None:
    db.executescript(
        """
        -- Topics as typed, for buttons: the text of one can be longer than a button can carry.
        CREATE TABLE topic_text (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            text TEXT NOT NULL UNIQUE
        ) STRICT;
        """
    )


@migrations()
def submissions(db: Database) -> None:
    db.executescript(
        """
        -- How papers came to Hugging Face, and what else their pages there say.
        CREATE TABLE submission (
            paper_id TEXT PRIMARY KEY REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            said_at TEXT NOT NULL,          -- since when it says this
            fields TEXT NOT NULL            -- JSON; what is not said is not there
        ) STRICT, WITHOUT ROWID;
        """
    )


@migrations()
def dois(db: Database) -> None:
    db.execute("CREATE INDEX paper_by_doi ON paper (lower(doi)) WHERE doi IS NOT NULL")


@migrations()
def model_use(db: Database) -> None:
    db.execute(
        """
        CREATE TABLE model_use (
            day TEXT NOT NULL,              -- YYYY-MM-DD in UTC; only today's is kept
            who TEXT NOT NULL,              -- user:ID, guild:ID or everybody
            answers INTEGER NOT NULL,
            tokens INTEGER NOT NULL,        -- reserved before, corrected after each answer
            PRIMARY KEY (day, who)
        ) STRICT, WITHOUT ROWID
        """
    )


@migrations()
def conversations(db: Database) -> None:
    db.executescript(
        """
        -- Questions with their answers, for as long as a follow-up may build on them.
        CREATE TABLE exchange (
            id INTEGER PRIMARY KEY,         -- in the order in which they were answered
            conversation INTEGER NOT NULL,  -- the id of its first exchange
            user_id INTEGER NOT NULL,       -- who asked
            place_id INTEGER NOT NULL,      -- the channel, thread or direct messages
            message_id INTEGER,             -- the answer's message; NULL where it was not told
            private INTEGER NOT NULL,       -- 1: only who asked has seen it
            question TEXT NOT NULL,         -- as typed
            answer TEXT NOT NULL,
            paper_ids TEXT NOT NULL,        -- JSON list: what it was about
            scope TEXT NOT NULL,            -- asking.Scope: where papers were looked for
            asked_at TEXT NOT NULL,
            kept_until TEXT NOT NULL        -- then it is forgotten, unless the talk goes on
        ) STRICT;
        CREATE INDEX exchange_by_place ON exchange (place_id, id);
        CREATE INDEX exchange_by_conversation ON exchange (conversation, id);
        CREATE INDEX exchange_by_message ON exchange (message_id) WHERE message_id IS NOT NULL;
        CREATE INDEX exchange_by_end ON exchange (kept_until);

        -- A forum post's place tells its paper.
        CREATE INDEX delivery_by_place ON delivery (place_id) WHERE kind = 'post';
        """
    )


@migrations()
def what_people_were_told(db: Database) -> None:
    db.executescript(
        """
        -- What a person's alerts have carried, whatever becomes of their topics.
        CREATE TABLE told (
            user_id INTEGER NOT NULL REFERENCES person (user_id) ON DELETE CASCADE,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            event_id INTEGER NOT NULL,      -- 0 for the paper itself, else paper_event.id: its news
            delivery_id INTEGER NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
            told_at TEXT NOT NULL,
            PRIMARY KEY (user_id, paper_id, event_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX told_by_delivery ON told (delivery_id);
        INSERT OR IGNORE INTO told (user_id, paper_id, event_id, delivery_id, told_at)
            SELECT match.user_id, match.paper_id, 0, delivery.id, delivery.created_at
            FROM match JOIN delivery ON delivery.id = match.delivery_id
            JOIN person ON person.user_id = match.user_id;

        -- Papers of which a person wants less.
        CREATE TABLE disliked (
            user_id INTEGER NOT NULL REFERENCES person (user_id) ON DELETE CASCADE,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            disliked_at TEXT NOT NULL,
            PRIMARY KEY (user_id, paper_id)
        ) STRICT, WITHOUT ROWID;

        -- Papers that no alert brings to a person, since they are like one of those.
        CREATE TABLE held_back (
            user_id INTEGER NOT NULL,
            paper_id TEXT NOT NULL REFERENCES paper (id) ON UPDATE CASCADE ON DELETE CASCADE,
            disliked_id TEXT NOT NULL,      -- the paper of which they want less
            held_at TEXT NOT NULL,
            PRIMARY KEY (user_id, paper_id),
            FOREIGN KEY (user_id, disliked_id) REFERENCES disliked (user_id, paper_id)
                ON UPDATE CASCADE ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX held_back_by_disliked ON held_back (user_id, disliked_id);
        """
    )


@migrations()
def places_of_titles(db: Database) -> None:
    db.executescript(
        """
        -- Where papers with a title are (bot.store.title_places).
        CREATE TABLE title_place (
            hash INTEGER NOT NULL,          -- of paper.title_key: title_places.hash_of
            revision INTEGER NOT NULL,      -- of a paper, or a former one of it
            PRIMARY KEY (hash, revision)
        ) STRICT, WITHOUT ROWID;
        DROP INDEX paper_by_title;
        """
    )
    newest = next(db.query("SELECT coalesce(max(revision), 0) AS revision FROM paper"))["revision"]
    title_places.place(db, newest)


@migrations()
def pages_of_lists(db: Database) -> None:
    db.execute(
        "ALTER TABLE source_state ADD COLUMN further TEXT NOT NULL DEFAULT '[]'"
        " /* JSON list of the [etag, last_modified] of the list's pages after the first */"
    )


@migrations()
def requests_in_files(db: Database) -> None:
    """When sources were last asked is told by files now (bot.store.pace)."""
    db.execute("DROP TABLE source_request")


@migrations()
def what_is_asked_often(db: Database) -> None:
    """Let what is asked every few seconds, and by ``/status``, not go through all that ever was."""
    db.executescript(
        """
        -- Counts that are asked for often; one row.
        CREATE TABLE total (papers INTEGER NOT NULL) STRICT;
        INSERT INTO total (papers) SELECT count(*) FROM paper;
        CREATE TRIGGER paper_came AFTER INSERT ON paper BEGIN
            UPDATE total SET papers = papers + 1;
        END;
        CREATE TRIGGER paper_went AFTER DELETE ON paper BEGIN
            UPDATE total SET papers = papers - 1;
        END;

        CREATE INDEX delivery_sent ON delivery (sent_at) WHERE state = 'sent';
        CREATE INDEX delivery_held ON delivery (user_id, kind) WHERE state = 'held';
        CREATE INDEX told_by_paper ON told (paper_id) WHERE event_id = 0;

        CREATE INDEX posted_by_feed ON feed_paper (feed_id, decided_at) WHERE verdict = 'post';
        DROP INDEX posted_by_time;
        ALTER TABLE feed ADD COLUMN decided_at TEXT;
        -- when anything was last decided for it; NULL: never
        UPDATE feed SET decided_at =
            (SELECT max(decided_at) FROM feed_paper WHERE feed_id = feed.id);
        """
    )


@migrations()
def ages_of_statements(db: Database) -> None:
    db.execute(
        "ALTER TABLE statement ADD COLUMN earlier TEXT"
        " /* JSON: by field that its newest words do not mention, the [version or null, moment]"
        " of what is known of it; NULL: none */"
    )


@migrations()
def rest_of_submissions(db: Database) -> None:
    db.execute(
        "ALTER TABLE submission ADD COLUMN rest BLOB"
        " /* the fields that nobody reads, as they came: JSON, packed by zlib; NULL for none */"
    )


@migrations()
def what_is_long_ago(db: Database) -> None:
    db.executescript(
        """
        ALTER TABLE matched ADD COLUMN seen_on TEXT NOT NULL DEFAULT '';
        -- the day, YYYY-MM-DD in UTC, on which it was first seen among what may be news;
        -- a revision of 0 is of one that was matched for its votes alone
        CREATE TEMP VIEW known_since AS SELECT id, substr(coalesce(
            (SELECT min(seen_at) FROM listing_entry WHERE paper_id = id), first_seen_at
        ), 1, 10) AS day FROM paper;
        UPDATE matched SET seen_on = (SELECT day FROM known_since WHERE id = paper_id);
        INSERT OR IGNORE INTO matched (paper_id, revision, seen_on)
            SELECT id, 0, day FROM known_since WHERE id IN (SELECT paper_id FROM match
            UNION SELECT paper_id FROM told
            UNION SELECT paper_id FROM feed_paper WHERE verdict = 'post');
        DROP VIEW known_since;

        -- What feeds' messages are about whose deliveries were let go: their buttons and threads.
        CREATE TABLE old_post (
            message_id INTEGER PRIMARY KEY, -- or the forum post's, where it is another
            digest_id INTEGER,              -- its delivery, as its last button has it; NULL: no digest
            papers TEXT NOT NULL,           -- JSON list of ids
            more TEXT NOT NULL              -- JSON list of the ids that a digest's last button opens
        ) STRICT;
        CREATE INDEX old_post_by_digest ON old_post (digest_id) WHERE digest_id IS NOT NULL;
        """
    )


def known() -> set[str]:
    """Return the names of our migrations: an empty database has every one of them pending."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return {migration.name for migration in migrations.pending(Database(connection))}


def check(db: Database, path: Path) -> None:
    """Refuse a database that a newer program has written.

    Raises:
        StoreError: The file has migrations that this program does not know.
    """
    applied = {migration.name for migration in migrations.applied(db)}
    if unknown := applied - known():
        raise StoreError(
            f"The database {path} was written by a newer Paperwire ({', '.join(sorted(unknown))});"
            " update the program, or name another file with --database."
        )


def identify(db: Database) -> None:
    """Give a new database an identity, so that no other's search index is taken for its own."""
    db.execute(
        "INSERT INTO meta (name, value) VALUES ('identity', ?) ON CONFLICT DO NOTHING",
        [uuid.uuid4().hex],
    )


def identity(db: Database) -> str:
    """Return what tells this database from every other."""
    return next(db.query("SELECT value FROM meta WHERE name = 'identity'"))["value"]
