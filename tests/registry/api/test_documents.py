"""Documents are kept as they came, and given back (R36)."""

from __future__ import annotations

import base64
import hashlib

from onboarding import PDF
from programs import Program

PATH = "/agreements/SIMULATEUR-2024-bron/documents"


def test_a_pdf_is_kept_with_its_digest_and_given_back_byte_by_byte(reviewer: Program, applicant: Program) -> None:
    """R36: sent in base64, or as it is."""
    content = base64.b64encode(PDF).decode()
    kept = reviewer.create(PATH, kind="AGREEMENT", name="../convention signée.pdf", content=content)
    assert (kept["sha256"], kept["size"]) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    other = reviewer.send("POST", f"{PATH}?kind=ANNEX&name=annexe.pdf", data=PDF + b"2", content_type="application/pdf")
    assert (other.status_code, other.json["kind"]) == (201, "ANNEX")

    answer = applicant.send("GET", f"{PATH}/{kept['sha256']}")
    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''convention%20sign%C3%A9e.pdf"
    assert applicant.send("GET", f"{PATH}/{kept['sha256']}", headers={"Accept": "application/json"}).json == kept
    assert applicant.send("GET", f"{PATH}/{kept['sha256']}", headers={"Accept": "image/png"}).status_code == 406
    shown = reviewer.get("/agreements/SIMULATEUR-2024-bron")["documents"]
    assert [each["name"] for each in shown] == ["convention signée.pdf", "annexe.pdf"]


def test_what_is_no_pdf_or_too_long_or_not_named_is_refused(reviewer: Program) -> None:
    """At most 10 MiB, which base64 makes longer."""
    wrong = base64.b64encode(b"hello").decode()
    assert reviewer.create(PATH, 422, kind="ANNEX", name="x.pdf", content=wrong)["status"] == 422
    assert reviewer.create(PATH, 422, kind="ANNEX", name="x.pdf", content="é~")["errors"][0]["pointer"] == "/content"
    for size, status in ((10 * 1024 * 1024, 201), (10 * 1024 * 1024 + 1, 422), (16 * 1024 * 1024, 413)):
        data = PDF.ljust(size, b" ")
        answer = reviewer.send("POST", f"{PATH}?kind=ANNEX", data=data, content_type="application/pdf")
        assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert reviewer.send("POST", PATH, data=PDF, content_type="application/pdf").status_code == 422


def test_a_whole_document_of_ten_mebibytes_fits_in_base64(reviewer: Program) -> None:
    """What is accepted as it is, is accepted in JSON."""
    content = base64.b64encode(PDF.ljust(10 * 1024 * 1024, b" ")).decode()
    assert reviewer.create(PATH, kind="ANNEX", name="x.pdf", content=content)["size"] == 10 * 1024 * 1024


def test_others_documents_do_not_exist(reviewer: Program, applicant: Program) -> None:
    """An applicant downloads only its own partner's."""
    path = PATH.replace("bron", "lyon")
    kept = reviewer.send("POST", f"{path}?kind=ANNEX", data=PDF, content_type="application/pdf").json
    assert reviewer.send("GET", f"{path}/{kept['sha256']}").status_code == 200
    assert applicant.send("GET", f"{path}/{kept['sha256']}").status_code == 404
    assert applicant.send("GET", f"{PATH}/{kept['sha256']}").status_code == 404
