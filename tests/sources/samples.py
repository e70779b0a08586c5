"""Answers of our own making, in the shapes that the sources give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape

Json = dict[str, object]


def an_entry(number: int = 1, *, paper: Json | None = None, **fields: object) -> Json:
    """Return an entry of a daily list with every field that Hugging Face has."""
    entry: Json = {
        "title": f"A  Study of\nThing {number}",
        "summary": "We study\nthings.",
        "publishedAt": "2020-01-01T00:00:00.000Z",
        "thumbnail": f"https://cdn.example.org/{number}.png",
        "mediaUrls": ["https://cdn.example.org/a.mp4"],
        "numComments": 2,
        "isAuthorParticipating": True,
        "submittedBy": {"name": "user-1", "isPro": False},
        "submitterOrganization": {"name": "senders", "fullname": "The Senders"},
        "paper": a_paper(number, **(paper or {})),
    }
    return {**entry, **fields}


def a_paper(number: int = 1, **fields: object) -> Json:
    paper: Json = {
        "id": f"2501.{number:05}",
        "title": f"A  Study of\nThing {number}",
        "summary": "We study\nthings.",
        "authors": [
            {
                "name": "Ada First",
                "hidden": False,
                "status": "claimed_verified",
                "user": {"user": "user-1", "type": "user"},
            },
            {"name": "Hidden Second", "hidden": True, "user": {"user": "user-2"}},
            {"name": " Third  Author ", "hidden": False},
        ],
        "publishedAt": "2025-01-02T00:00:00.000Z",
        "submittedOnDailyAt": "2025-01-03T00:00:00.000Z",
        "upvotes": number,
        "ai_summary": "Things are\nstudied.",
        "ai_keywords": ["things", "study"],
        "ai_summary_model": "a/model",
        "discussionId": "66ac44677746f1e5ff6b71f3",
        "githubRepoAddedBy": "user",
        "githubRepo": "https://github.com/owner/things/tree/main",
        "githubStars": 7,
        "projectPage": " https://things.example.org/",
        "organization": {
            "name": "thing-lab",
            "fullname": "The Thing Lab",
            "avatar": "https://cdn.example.org/lab.png",
        },
        "mediaUrls": ["https://cdn.example.org/a.mp4", "https://cdn.example.org/b.mp4"],
    }
    return {**paper, **fields}


def a_page(numbers: Sequence[int]) -> str:
    return json.dumps([an_entry(number) for number in numbers])


ATOM_ENTRY = """<entry>
  <id>http://arxiv.org/abs/{paper_id}</id>
  <updated>2025-02-03T04:05:06Z</updated>
  <published>2025-01-02T03:04:05Z</published>
  <title>{title}</title>
  <summary>  Some
words. </summary>
  <author><name>Ada First</name></author>
  <author><name>Bob Second</name><arxiv:affiliation>Home</arxiv:affiliation></author>
  <arxiv:comment>{comment}</arxiv:comment>
  <arxiv:doi>10.1000/xyz.1</arxiv:doi>
  <arxiv:journal_ref>J. Things 1 (2025)</arxiv:journal_ref>
  <link href="http://arxiv.org/abs/{paper_id}" rel="alternate"/>
  <category term="cs.AI"/>
  <category term="cs.CL"/>
  <arxiv:primary_category term="cs.CL"/>
</entry>"""


def an_atom_entry(
    paper_id: str = "2501.00001v2", title: str = "On\n  Things", comment: str = "9 pages"
) -> str:
    return ATOM_ENTRY.format(paper_id=paper_id, title=escape(title), comment=escape(comment))


def an_atom_feed(*entries: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
      xmlns:dc="http://purl.org/dc/elements/1.1/">
<title>A query</title><updated>2025-03-01T00:00:00-05:00</updated>
{"".join(entries)}</feed>""".encode()


def an_item(paper_id: str = "2604.00001v1", kind: str = "new", *, date: str | None = None) -> str:
    date = date or "Mon, 27 Apr 2026 00:00:00 -0400"
    return f"""<item>
  <title>News of {paper_id}</title>
  <link>https://arxiv.org/abs/{paper_id.partition("v")[0]}</link>
  <description>arXiv:{paper_id} Announce Type: {kind}
Abstract: Some words.</description>
  <guid isPermaLink="false">oai:arXiv.org:{paper_id}</guid>
  <category>cs.CL</category><category>cs.AI</category>
  <pubDate>{date}</pubDate>
  <arxiv:announce_type>{kind}</arxiv:announce_type>
  <arxiv:DOI>10.1000/xyz.2</arxiv:DOI>
  <arxiv:journal_reference>J. Things 2</arxiv:journal_reference>
  <dc:creator>Ada First, Bob Second Jr., Carl Third, III (Home (of Things)) and Di Fourth</dc:creator>
</item>"""


def an_rss_feed(*items: str) -> bytes:
    return f"""<rss xmlns:arxiv="http://arxiv.org/schemas/atom"
  xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>cs.CL updates on arXiv.org</title>
<pubDate>Mon, 27 Apr 2026 00:00:00 -0400</pubDate>
{"".join(items)}</channel></rss>""".encode()


def an_announced_entry(paper_id: str = "2604.00001v1", kind: str = "new") -> str:
    """Return what arXiv's Atom has for ``an_item``: it knows no day of the announcement's own."""
    return f"""<entry>
  <id>oai:arXiv.org:{paper_id}</id>
  <title>News of {paper_id}</title>
  <updated>2026-04-27T04:00:02.123456+00:00</updated>
  <link href="https://arxiv.org/abs/{paper_id.partition("v")[0]}" rel="alternate" type="text/html"/>
  <summary>arXiv:{paper_id} Announce Type: {kind}
Abstract: Some words.</summary>
  <category term="cs.CL"/><category term="cs.AI"/>
  <arxiv:announce_type>{kind}</arxiv:announce_type>
  <arxiv:DOI>10.1000/xyz.2</arxiv:DOI>
  <arxiv:journal_reference>J. Things 2</arxiv:journal_reference>
  <dc:creator>Ada First, Bob Second Jr., Carl Third, III (Home (of Things)) and Di Fourth</dc:creator>
</entry>"""


def an_announcement_as_atom(*entries: str) -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">
<id>http://rss.arxiv.org/atom/cs.CL</id><title>cs.CL updates on arXiv.org</title>
<updated>2026-04-27T04:00:02.123456+00:00</updated>
{"".join(entries)}</feed>""".encode()


ARXIV_RAW = """<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
  <id>{paper_id}</id><submitter>Ada First</submitter>
  <version version="v1"><date>Thu, 2 Jan 2025 03:04:05 GMT</date><size>9kb</size></version>
  <version version="v3"><date>Tue, 4 Mar 2025 03:04:05 GMT</date></version>
  <version version="v2"><date>Mon, 3 Feb 2025 03:04:05 GMT</date></version>
  <title>On
  Things</title>
  <authors>Ada First, Bob Second (Home, sweet) and Carl Third</authors>
  <categories>cs.CL cs.AI</categories><comments>9 pages</comments>
  <journal-ref>J. Things 3</journal-ref><doi>10.1000/a, 10.1000/b;10.1000/c</doi>
  <abstract>  Some
words. </abstract></arXivRaw>"""

ARXIV_FORMAT = """<arXiv xmlns="http://arxiv.org/OAI/arXiv/">
  <id>{paper_id}</id><created>{created}</created><updated>2025-03-04</updated>
  <authors>
    <author><keyname>First</keyname><forenames>Ada</forenames></author>
    <author><keyname>Second</keyname><forenames>Bob</forenames><suffix>Jr.</suffix></author>
    <author><keyname>:</keyname></author>
  </authors>
  <title>On Things</title><categories>cs.CL cs.AI</categories>
  <abstract>Some words.</abstract></arXiv>"""

DUBLIN_CORE = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:title>On Things</dc:title><dc:creator>First, Ada</dc:creator>
  <dc:creator>Second, Bob</dc:creator><dc:subject>Computer Science</dc:subject>
  <dc:description>Some words.</dc:description><dc:description>Comment: 9 pages</dc:description>
  <dc:date>2025-01-02</dc:date><dc:date>2025-03-04</dc:date>
  <dc:identifier>http://arxiv.org/abs/2501.00001</dc:identifier>
  <dc:identifier>doi:10.1000/a</dc:identifier></oai_dc:dc>"""


def an_oai_record(metadata: str, *, status: str = "", paper_id: str = "2501.00001") -> str:
    return f"""<record><header{status}><identifier>oai:arXiv.org:{paper_id}</identifier>
<datestamp>2025-03-05</datestamp></header>
{f"<metadata>{metadata}</metadata>" if metadata else ""}</record>"""


def an_oai_page(
    *records: str, token: str = "", before: int | None = None, error: str = ""
) -> bytes:
    cursor = "" if before is None else f'cursor="{before}" '
    resumption = f'<resumptionToken {cursor}completeListSize="2500">{token}</resumptionToken>'
    listed = f"<ListRecords>{''.join(records)}{resumption if token else ''}</ListRecords>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2025-03-06T07:08:09Z</responseDate>
{error or listed}</OAI-PMH>""".encode()
