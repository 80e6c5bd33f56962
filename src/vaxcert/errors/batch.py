"""Batches: the job folder, its journal and its workers."""

from __future__ import annotations

from vaxcert.errors.base import VaxcertError
from vaxcert.errors.verification import VerificationError


class JobError(VaxcertError):
    """A batch could not be run in its job folder."""

    code = "job_failed"


class JobUnfinishedError(JobError):
    """An earlier run in the job folder was not finished."""

    code = "job_unfinished"


class NothingToResumeError(JobError):
    """There is no unfinished run to go on with."""

    code = "nothing_to_resume"


class JobMismatchError(JobError):
    """The job folder was begun with other settings, or holds something else."""

    code = "job_mismatch"


class JobBusyError(JobError):
    """Another process works in the job folder."""

    code = "job_busy"


class JobDamagedError(JobError):
    """The journal of the job folder cannot be read."""

    code = "job_damaged"


class InputChangedError(JobError):
    """The input is not the one that the run began with."""

    code = "input_changed"


class WorkerLostError(VaxcertError):
    """The worker processes ended again and again over the same part of the work."""

    code = "worker_lost"
    hint = "the system may have run out of memory: try fewer workers, and see its log"

    def __init__(self, how: str, *, times: int) -> None:
        """Keep *how* the last one ended, such as ``signal 9``, and how many *times* that happened."""
        super().__init__(f"a worker process was lost {times} times over the same part of the work ({how})")
        self.how = how
        self.times = times


class ClusterError(VaxcertError):
    """The cluster cannot be reached, cannot be used safely, or went away."""

    code = "cluster_failed"


class ClusterMismatchError(ClusterError):
    """A worker of the cluster would not issue the certificates that this machine issues."""

    code = "cluster_mismatch"


class ManifestError(VerificationError):
    """The manifest of a batch is none, or a file is not as it says: rejected."""

    code = "manifest_mismatch"
