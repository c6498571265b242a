"""A document as PDF/A-3 with its XML inside: ZUGFeRD, readable by people and by programs."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import typst
from lxml import etree

from billing.einvoice.document import Document
from billing.einvoice.page import page_of
from billing.einvoice.rule_words import Finding
from billing.einvoice.rules import RulesRefused

HERE = Path(__file__).resolve().parent
MARK = HERE.parent.parent / "static" / "img" / "mark.svg"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"
FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PROPERTIES = {
    "DocumentFileName": ("factur-x.xml", "Name of the embedded XML file"),
    "DocumentType": ("INVOICE", "Type of the hybrid document"),
    "Version": ("1.0", "Version of the Factur-X data"),
    "ConformanceLevel": ("EN 16931", "Profile of the Factur-X data"),
}


def pdf(document: Document, xml: bytes) -> bytes:
    """The page with the XML attached. The same document gives the same bytes."""
    inputs = {"data": json.dumps(page_of(document)), "xml": xml.decode(), "seal": _seal()}
    written_at = datetime.combine(document.issue_date, time(12), tzinfo=UTC)
    try:
        page = _compiler().compile(format="pdf", sys_inputs=inputs, pdf_standards="a-3b", timestamp=written_at)
    except typst.TypstError as problem:
        raise _refusal(problem) from problem
    if not isinstance(page, bytes):
        raise TypeError("typst gave no file")
    return with_profile(page)


@cache
def _compiler() -> typst.Compiler:
    """One per process; only our own fonts, so that every machine draws the same page."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE / "fonts"])
    return typst.Compiler(HERE / "invoice.typ", root=HERE, font_paths=fonts, ignore_system_fonts=True)


@cache
def _seal() -> str:
    found = re.search(r' d="([^"]+)"', MARK.read_text(encoding="utf-8"))
    return found.group(1) if found else ""


def _refusal(problem: typst.TypstError) -> RulesRefused:
    """A letter that the font lacks is the one thing a company's data can do to the page."""
    named = re.search(r"(?:text|codepoint|character)s? .*?[`'\"“]([^`'\"”]+)[`'\"”]", problem.message)
    letters = named.group(1) if named else ""
    names = ", ".join(f"{letter} {unicodedata.name(letter, '?')}" for letter in dict.fromkeys(letters))
    return RulesRefused([Finding("OWN-FONT", "PDF", names or problem.message)])


def with_profile(page: bytes) -> bytes:
    """Name the Factur-X profile in the metadata, in the one list of extensions that PDF/A allows."""
    with pikepdf.open(io.BytesIO(page)) as file:
        stream: Any = file.Root.Metadata
        stream.write(_extended(stream.read_bytes()))
        out = io.BytesIO()
        file.save(out, deterministic_id=True, linearize=False)
    return out.getvalue()


def _extended(xmp: bytes) -> bytes:
    root = etree.fromstring(xmp)
    rdf = next(root.iter(f"{{{RDF}}}RDF"))
    bag = next(rdf.iter(f"{{{EXTENSION}}}schemas"), None)
    if bag is None:
        described = etree.SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""})
        bag = etree.SubElement(described, f"{{{EXTENSION}}}schemas", nsmap={"pdfaExtension": EXTENSION})
        etree.SubElement(bag, f"{{{RDF}}}Bag")
    bag[0].append(etree.fromstring(_schema()))
    values = etree.SubElement(rdf, f"{{{RDF}}}Description", {f"{{{RDF}}}about": ""}, nsmap={"fx": FX})
    for name, (value, _) in PROPERTIES.items():
        etree.SubElement(values, f"{{{FX}}}{name}").text = value
    body = etree.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="r"?>'.encode()


@cache
def _schema() -> str:
    properties = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        f"<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, (_, description) in PROPERTIES.items()
    )
    return (
        f'<rdf:li xmlns:rdf="{RDF}" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:parseType="Resource">'
        f"<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{FX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )


def attached_xml(file: bytes) -> bytes:
    """The XML inside a PDF of ours."""
    with pikepdf.open(io.BytesIO(file)) as opened:
        return bytes(opened.attachments["factur-x.xml"].get_file().read_bytes())
