"""A next step for each reason of restarting and deploying a service (runbook 003)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_START_STOP = "003 Start/Stop"

DECLARATION = Playbook(
    "The service is not declared, or not as it must be",
    _START_STOP,
    (
        "docs/services.example.toml shows a declaration; put services.toml where --config looks for it.",
        "no_start_command: declare `start`, or use docker-deploy for a service that has an `image`.",
        "env_file_missing: make the file that `env_file` names, readable by its owner alone.",
        AGAIN,
    ),
)
PORT = Playbook(
    "Somebody else listens on the service's port",
    _START_STOP,
    (
        "`pid=` and `held_by=` say who. Nothing was ended: only what Watchkeeper has started is.",
        "If it is the service, started by hand: end it, or declare `stop`, its own command for that.",
        AGAIN,
    ),
)
NOT_UP = Playbook(
    "The service was started and does not answer well",
    _START_STOP,
    (
        "Read its log: .watchkeeper/services/<service>/service.log beside the declaration, without secrets.",
        "ended_early: a variable of its env file is wrong, or its database. health_timeout: it still runs; look at "
        "`GET /health`, and give it more time with health_timeout_s if it is only slow to start.",
        AGAIN,
    ),
)
STUCK = Playbook(
    "The service could not be ended or started",
    _START_STOP,
    (
        "not_stopped: a process that even SIGKILL does not end waits for the kernel; look at the disk and at dmesg.",
        "not_started: the first word of `start` must be a program that this user may run.",
        "memory_invalid: end the service by hand, then remove started.json of it.",
        AGAIN,
    ),
)
_DOCKER = "003 Deploy with Docker"
NO_DOCKER = Playbook(
    "Docker does not do what it is asked",
    _DOCKER,
    (
        "docker_missing: install the docker command, or run the service without it (service-restart).",
        "docker_not_running: start the daemon; this user must be allowed to speak to it (`docker version`).",
        "docker_failed: the run's log has the words of docker.",
        AGAIN,
    ),
)
NOT_DEPLOYED = Playbook(
    "The new image was not deployed",
    _DOCKER,
    (
        "`rolled_back=` says what runs now: yes is the image before, nothing_before and failed are nothing.",
        "build_failed: build.<time>.image.log of the service says which step. The old container was not touched.",
        "run_failed: the run's log has the words of docker run. no_image: declare `image`.",
        "container_foreign, container_changed: somebody else has a container of this name; agree with them first.",
        AGAIN,
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(
        ("no_declaration", "declaration_invalid", "unknown_service", "env_file_missing", "no_start_command"),
        DECLARATION,
    ),
    "port_taken": PORT,
    **dict.fromkeys(("ended_early", "health_timeout"), NOT_UP),
    **dict.fromkeys(("not_stopped", "not_started", "memory_invalid"), STUCK),
    **dict.fromkeys(("docker_missing", "docker_not_running", "docker_failed"), NO_DOCKER),
    **dict.fromkeys(
        ("build_failed", "run_failed", "no_image", "container_foreign", "container_changed"), NOT_DEPLOYED
    ),
}
BY_TOKEN: dict[str, Playbook] = {"service_restart": NOT_UP, "docker_deploy": NOT_DEPLOYED}
