"""What all sections of a configuration file have in common."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError


class Section(BaseModel):
    """A mapping in the configuration file: immutable, and without keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_written(cls, data: Any) -> Any:
        return without_nulls(cls, data)


def without_nulls(section: type[Section], data: Any) -> Any:
    """The mapping without its known keys that have no value: `account:` with its lines commented out is no account."""
    if not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if value is not None or key not in section.model_fields}


class Fault(NamedTuple):
    """Something wrong below the field that is being validated, at the key or list position `at`."""

    at: str | int
    message: str
    value: Any = None


def refuse(*faults: Fault) -> None:
    """Raise ValidationError for these faults, each at its own place; a validator calls it, without faults in vain."""
    # The message is an argument because pydantic reads braces in a template.
    errors = [
        InitErrorDetails(
            type=PydanticCustomError("refused", "{message}", {"message": fault.message}),
            loc=(fault.at,),
            input=fault.value,
        )
        for fault in faults
    ]
    if errors:
        raise ValidationError.from_exception_data("configuration", errors)


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    directory: Path | None = (info.context or {}).get("directory")
    return path if directory is None else directory / path


NearbyPath = Annotated[Path, AfterValidator(_beside_the_file)]
"""A path relative to the file that names it, whose directory the validation context has as `directory`."""
