"""What the procedures did that the next shift has to know of: shown, added to, exported, verified."""

from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.evidence import show_table
from tasks.procedure import procedure, tell
from tasks.records.chain import read_chain, verify_chain
from tasks.records.exports import export_chain
from tasks.records.shift import add_remark
from tasks.rules.contracts.records import SHIFT_LOG, SHIFT_RECORD
from tasks.rules.outcome import Outcome, Status
from tasks.rules.record_verdict import Proof, judge_chain, shown_facts

Do = Annotated[
    Literal["show", "add", "export", "verify"],
    Field(description="`add` writes a remark of a person; the others only read the log."),
]
Chain = Annotated[
    Literal["shift-log", "incidents"],
    Field(description="The log itself, or the records that the notes of incidents are made of."),
]
Most = Annotated[int, Field(ge=1, le=500, description="How many of the newest records are shown.")]
TextFile = Annotated[
    str, Field(max_length=4096, description="A file with the remark; without it the terminal asks. Never the text.")
]
OperatorName = Annotated[str, Field(max_length=32, description="Who adds the remark.")]


@procedure(SHIFT_LOG, run_name=run_named("shift-log", "do"))
def shift_log(
    do: Do = "show",
    chain: Chain = "shift-log",
    most: Most = 20,
    operator: OperatorName = "",
    text_file: TextFile = "",
) -> Outcome:
    """Show the shift log, add a remark, export it as Markdown and JSON, or verify its chain.

    Runbook 002, Live Guard & Confirm. Every promotion, canary, rollback and change of safe mode writes a record that
    holds on to the one before. An export keeps the head outside of the database; verify compares with it, and without
    one the answer is unproven. If it fails: `reason=` names the damage and `line=` the first record that is not
    right; keep the database as it is and compare with the last export.

    Safety: nothing is ever changed or taken out. A remark comes from a file or the terminal, never as a parameter,
    loses what looks like a secret, and stands in the exported files alone.
    """
    if do == "add":
        added = add_remark(operator, text_file)
        return SHIFT_LOG.says(Status.OK, do=do, chain="shift-log", records=added.seq, head=added.hash, seq=added.seq)
    if do == "show":
        return _shown(chain, most)
    proof = verify_chain(chain)
    if do == "export":
        return _exported(chain, proof)
    return judge_chain(chain, do, proof)


def _shown(chain: str, most: int) -> Outcome:
    records = read_chain(chain)
    for kept in records[-most:]:
        about, facts = kept.entry.subject, shown_facts(kept.facts)
        tell(SHIFT_RECORD.says(Status.OK, seq=kept.seq, at=kept.at, kind=kept.entry.kind, about=about, facts=facts))
    rows = [
        {"no": kept.seq, "UTC": kept.at, "what": kept.entry.kind, "about": kept.entry.subject} for kept in records
    ]
    show_table(chain, rows[-500:], f"{len(rows)} records")
    head = records[-1].hash if records else None
    return SHIFT_LOG.says(Status.OK, do="show", chain=chain, records=len(records), head=head)


def _exported(chain: str, proof: Proof) -> Outcome:
    """A chain that is not whole is not exported: the last good export would be written over."""
    verdict = judge_chain(chain, "export", proof)
    if verdict.status is Status.FAIL:
        return verdict
    return SHIFT_LOG.says(Status.OK, **{**verdict.fields, "files": export_chain(chain, proof.count)})
