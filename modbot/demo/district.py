"""What the fictional district says of each of its pages: people who do not exist, in the offices
that any district has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Registered:
    """What a page's registration asks for beside the account."""

    school: str
    purpose: str
    manager: str
    administrator: str
    contact: str


def _page(
    school: str, purpose: str, manager: str, administrator: str, extension: int
) -> Registered:
    return Registered(
        school=school,
        purpose=purpose,
        manager=manager,
        administrator=administrator,
        contact=f"extension {extension}",
    )


# By the feed's page id.
REGISTERED = {
    "pg01": _page(
        "Office of Communications",
        "News, closings and stories from all schools, in English and Spanish",
        "Noemí Arriaga, communications specialist",
        "Philip Castellane, director of communications",
        2101,
    ),
    "pg02": _page(
        "Lawrence High School",
        "What goes on at the high school, for students and families",
        "Tobias Renwick, teacher of media arts",
        "Dr. Ileana Quirós, principal",
        3100,
    ),
    "pg03": _page(
        "Parthum Elementary School",
        "Classroom projects, menus and reminders for families",
        "Maribel Fonseca, school secretary",
        "Judith Ashdown, principal",
        3210,
    ),
    "pg04": _page(
        "Guilmette Middle School",
        "Events, honors and schedules of grades 5 to 8",
        "Desmond Okafor, dean of students",
        "Yadira Benavente, principal",
        3320,
    ),
    "pg05": _page(
        "Family and Community Engagement",
        "Classes, resources and events for families, in English and Spanish",
        "Altagracia Monegro, family liaison",
        "Winston Faircloth, director of family engagement",
        2140,
    ),
    "pg06": _page(
        "Lawrence High School",
        "Student life, run together with the Student Council",
        "Carina Lovelace, advisor of the Student Council",
        "Dr. Ileana Quirós, principal",
        3118,
    ),
    "pg07": _page(
        "Athletics",
        "Scores, schedules and senior nights",
        "Marcus Teixeira, assistant to the athletic director",
        "Bridget Halloran, athletic director",
        2260,
    ),
    "pg08": _page(
        "Arts",
        "Concerts, plays, dance and exhibitions across the district",
        "Solange Pimentel, teacher of music",
        "Gregory Nakamura, coordinator of the arts",
        2275,
    ),
    "pg09": _page(
        "Robert Frost School",
        "Reading, science and what classes make",
        "Heather Villafañe, librarian",
        "Armand Desrosiers, principal",
        3410,
    ),
    "pg10": _page(
        "Office of Communications",
        "News and alerts of the district",
        "Noemí Arriaga, communications specialist",
        "Philip Castellane, director of communications",
        2101,
    ),
    "pg11": _page(
        "Athletics",
        "Live scores from games",
        "Marcus Teixeira, assistant to the athletic director",
        "Bridget Halloran, athletic director",
        2260,
    ),
    "pg12": _page(
        "Transportation",
        "Bus routes, delays and detours",
        "Ruth Bettencourt, dispatcher",
        "Hugo Sandoval, director of transportation",
        2330,
    ),
}
