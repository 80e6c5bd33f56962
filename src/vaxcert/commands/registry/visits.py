"""`vaxcert registry visits`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.visits.board import close_visit, count_visits, list_visits, record_no_show, show_visit
from vaxcert.service.registry.visits.injection import check_injection, inject
from vaxcert.service.registry.visits.observation import complete_visit, leave_early, record_vitals, show_observation
from vaxcert.service.registry.visits.reception import receive_visitor
from vaxcert.service.registry.visits.scan import scan_visitor
from vaxcert.service.registry.visits.screening import screen_visitor, screening_questions
from vaxcert.service.registry.visits.slip import confirmation_slip

command = noun(
    "Receive, screen, inject, observe: the four steps of a visit.",
    {
        "scan": scan_visitor,
        "receive": Verb(receive_visitor, ("person",)),
        "questions": Verb(screening_questions, ("visit",)),
        "screen": Verb(screen_visitor, ("visit",)),
        "check": Verb(check_injection, ("visit",)),
        "inject": Verb(inject, ("visit",)),
        "vitals": Verb(record_vitals, ("visit",)),
        "observation": Verb(show_observation, ("visit",)),
        "leave-early": Verb(leave_early, ("visit",)),
        "complete": Verb(complete_visit, ("visit",)),
        "slip": Verb(confirmation_slip, ("visit",)),
        "show": Verb(show_visit, ("visit",)),
        "list": Verb(list_visits, ("site",)),
        "count": Verb(count_visits, ("site",)),
        "close": Verb(close_visit, ("visit",)),
        "no-show": Verb(record_no_show, ("person",)),
    },
)
