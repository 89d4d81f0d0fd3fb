"""What content credentials say: written for a result, and read from any file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

from recast.provenance.consent import ConsentRecord
from recast.provenance.ingredients import Ingredient

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
TRAINED = "http://c2pa.org/digitalsourcetype/trainedAlgorithmicData"
CONSENT_LABEL = "org.recast.consent"
SWAP_LABEL = "org.recast.swap"

Kind = Literal["composite", "model"]
"""A picture or video with the new face in it, or a file with the trained network itself."""
_MADE: dict[Kind, tuple[str, str]] = {
    "composite": (COMPOSITE, "A trained model replaced the face of a person"),
    "model": (TRAINED, "A model was trained to draw the face of a person"),
}

State = Literal["valid", "valid-untrusted", "altered"]

_RELATIONS = {"dst": "parentOf", "src": "inputTo"}
# What makes a signer unknown, but leaves the file as it was signed.
_PROBLEMS_OF_TRUST = {
    "signingCredential.untrusted": "the signer is not on a list of trusted ones",
    "signingCredential.expired": "the signer's certificate has ended",
}
_PROBLEMS = _PROBLEMS_OF_TRUST | {
    "assertion.bmffHash.mismatch": "the picture or sound was changed after signing",
    "assertion.dataHash.mismatch": "the picture or sound was changed after signing",
    "assertion.boxesHash.mismatch": "the picture or sound was changed after signing",
    "assertion.hashedURI.mismatch": "the credentials were changed after signing",
    "claimSignature.mismatch": "the credentials were changed after signing",
    "ingredient.manifest.mismatch": "the credentials of an ingredient were changed after signing",
}


@dataclass(frozen=True)
class IngredientFound:
    """An ingredient as credentials name it.

    `relation` is C2PA's word: `parentOf` was changed, `inputTo` only taught. `intact` is None
    for an ingredient without credentials of its own; False if they did not fit it when signing.
    """

    title: str
    relation: str
    sha256: str
    intact: bool | None


@dataclass(frozen=True)
class Credentials:
    """What a file's credentials say, and whether to believe it.

    `valid`: as it was signed, by a trusted signer; `valid-untrusted`: as it was signed, by
    somebody no list vouches for, such as this computer; `altered`: changed since. Fields that
    the credentials do not give are empty. `signed_at` is the signer's own clock, unless
    `time_stamp` says that an authority signed it: "trusted", or "untrusted" if no list names it.
    """

    state: State
    signer: str = ""
    issuer: str = ""
    signed_at: datetime | None = None
    time_stamp: str = ""
    title: str = ""
    claim_generator: str = ""
    digital_source_types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    model: str = ""
    consent_basis: str = ""
    consent_record: str = ""
    """SHA-256 of the consent record it was made under, as the workspace has it."""
    watermark: str = ""
    ingredients: tuple[IngredientFound, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether the file is as it was signed, whoever signed it."""
        return self.state != "altered"


# What credentials say, one by one.
def manifest(  # noqa: PLR0913
    *,
    title: str,
    consent: ConsentRecord,
    model: str,
    ingredients: Sequence[Ingredient],
    now: datetime,
    kind: Kind = "composite",
    watermark: str = "",
) -> dict[str, Any]:
    """The manifest of a result, as c2pa's builder takes it."""
    generator = {"name": "recast", "version": version("recast")}
    hashes = [{"title": one.title, "sha256": one.sha256} for one in ingredients]
    swap = {"version": 1, "model": model, "ingredients": hashes}
    swap |= {"watermark": watermark} if watermark else {}
    actions = _actions(ingredients, generator, now, kind)
    return {
        "title": title,
        "claim_generator_info": [generator],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": CONSENT_LABEL, "data": consent_told(consent)},
            {"label": SWAP_LABEL, "data": swap},
        ],
    }


def described(one: Ingredient, mime: str) -> dict[str, Any]:
    """An ingredient, as c2pa's builder takes it."""
    relation = _RELATIONS[one.role]
    return {"title": one.title, "relationship": relation, "label": _label(one), "format": mime}


def read_credentials(store: dict[str, Any]) -> Credentials:
    """Understand what c2pa read from a file; strange content reads as empty, never fails."""
    active = _dict(_dict(store.get("manifests")).get(_text(store.get("active_manifest"))))
    facts = {_text(a.get("label")): _dict(a.get("data")) for a in _dicts(active.get("assertions"))}
    actions = [
        action
        for label, data in facts.items()
        if label.startswith("c2pa.actions")
        for action in _dicts(data.get("actions"))
    ]
    signature = _dict(active.get("signature_info"))
    failures = dict(_failures(store))
    times = [_text(signature.get("time")), *(_text(action.get("when")) for action in actions)]
    return Credentials(
        state=_state(_text(store.get("validation_state")), failures),
        signer=_text(signature.get("common_name")),
        issuer=_text(signature.get("issuer")),
        signed_at=next(filter(None, map(_moment, times)), None),
        time_stamp=_time_stamp(store),
        title=_text(active.get("title")),
        claim_generator=_generator(active),
        digital_source_types=_distinct(action.get("digitalSourceType") for action in actions),
        actions=tuple(_text(action.get("action")) for action in actions),
        model=_text(facts.get(SWAP_LABEL, {}).get("model")),
        consent_basis=_text(facts.get(CONSENT_LABEL, {}).get("basis")),
        consent_record=_text(facts.get(CONSENT_LABEL, {}).get("record_sha256")),
        watermark=_text(facts.get(SWAP_LABEL, {}).get("watermark")),
        ingredients=_ingredients(active, facts.get(SWAP_LABEL, {})),
        problems=_distinct(failures.values()),
    )


def _actions(
    ingredients: Sequence[Ingredient], agent: dict[str, str], now: datetime, kind: Kind
) -> list[dict[str, Any]]:
    source, description = _MADE[kind]
    made = {
        "when": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": agent,
        "digitalSourceType": source,
        "description": description,
    }
    changed = [_label(one) for one in ingredients if one.role == "dst"]
    taught = [_label(one) for one in ingredients if one.role == "src"]
    if not changed:
        created = {"action": "c2pa.created", **made}
        return [created | ({"parameters": {"ingredientIds": taught}} if taught else {})]
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": changed}}
    edited = {"action": "c2pa.edited", **made}
    return [opened, edited | ({"parameters": {"ingredientIds": taught}} if taught else {})]


def consent_told(consent: ConsentRecord) -> dict[str, Any]:
    """What the world may know: the basis, not the name. The record's hash is salted."""
    told: dict[str, Any] = {
        "version": 1,
        "basis": consent.basis,
        "adult": consent.adult,
        "recorded": consent.recorded_at.date().isoformat(),
    }
    if consent.document:
        told["document_sha256"] = consent.document_sha256
    if consent.chain:
        told["record_sha256"] = consent.chain.sha256
    return told


def _label(one: Ingredient) -> str:
    return one.title.replace(" ", "-")


def _state(validation: str, failures: dict[str, str]) -> State:
    if validation == "Trusted":
        return "valid"
    if validation == "Valid" or (failures and failures.keys() <= _PROBLEMS_OF_TRUST.keys()):
        return "valid-untrusted"
    return "altered"


def _failures(store: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Code and plain words of each check that failed, in the file's own and in older manifests."""
    results = _dict(store.get("validation_results"))
    checked = [_dict(results.get("activeManifest"))]
    deltas = _dicts(results.get("ingredientDeltas"))
    checked += [_dict(delta.get("validationDeltas")) for delta in deltas]
    for failure in (one for result in checked for one in _dicts(result.get("failure"))):
        code = _text(failure.get("code"))
        yield code, _PROBLEMS.get(code) or f"{code}: {_text(failure.get('explanation'))}"


def _time_stamp(store: dict[str, Any]) -> str:
    result = _dict(_dict(store.get("validation_results")).get("activeManifest"))
    checked = [*_dicts(result.get("success")), *_dicts(result.get("informational"))]
    codes = {_text(one.get("code")) for one in checked}
    if "timeStamp.trusted" in codes:
        return "trusted"
    return "untrusted" if codes & {"timeStamp.validated", "timeStamp.untrusted"} else ""


def _ingredients(active: dict[str, Any], swap: dict[str, Any]) -> tuple[IngredientFound, ...]:
    hashes = {
        _text(one.get("title")): _text(one.get("sha256")) for one in _dicts(swap.get("ingredients"))
    }
    return tuple(
        IngredientFound(
            title=_text(one.get("title")),
            relation=_text(one.get("relationship")),
            sha256=hashes.get(_text(one.get("title")), ""),
            intact=_was_intact(one) if one.get("active_manifest") else None,
        )
        for one in _dicts(active.get("ingredients"))
    )


def _was_intact(one: dict[str, Any]) -> bool:
    result = _dict(_dict(one.get("validation_results")).get("activeManifest"))
    codes = {_text(failure.get("code")) for failure in _dicts(result.get("failure"))}
    return codes <= _PROBLEMS_OF_TRUST.keys()


def _generator(active: dict[str, Any]) -> str:
    named = next(iter(_dicts(active.get("claim_generator_info"))), {})
    parts = (_text(named.get("name")), _text(named.get("version")))
    return "/".join(filter(None, parts)) or _text(active.get("claim_generator"))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _distinct(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_text, values))))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
