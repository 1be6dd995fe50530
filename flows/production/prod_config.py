"""Step 1 of the production bootstrap: is every variable there, and is it what it claims to be?"""

from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from tasks.databases import check_dsns
from tasks.procedure import procedure
from tasks.rules.contracts.production import PROD_CONFIG
from tasks.rules.outcome import Outcome
from tasks.rules.production import REQUIRED_DSNS, judge_config

Mode = Annotated[Literal["prod_required"], Field(description="The set of variables to check.")]


@procedure(PROD_CONFIG, run_name=run_named("prod-config"))
def prod_config(mode: Mode = "prod_required") -> Outcome:
    """Check that the variables of production are set and parse, by name only.

    Runbook 001, Production bootstrap, step 1. If it fails: set the named variables in the environment of the
    worker, then run it again.

    Safety: reads names and shapes only; connects to nothing and shows no value. Safe to run at any time.
    """
    return judge_config(check_dsns(REQUIRED_DSNS[mode]))
