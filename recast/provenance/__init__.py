"""Consent records and content credentials."""

from recast.provenance.certificate import Signer, config_folder, find_signer
from recast.provenance.consent import (
    ConsentBasis,
    ConsentRecord,
    consent_from_fields,
    consent_from_file,
    require_consent,
    synthetic_consent,
)
from recast.provenance.credentials import sign, verify
from recast.provenance.statement import Credentials, IngredientFound

__all__ = [
    "ConsentBasis",
    "ConsentRecord",
    "Credentials",
    "IngredientFound",
    "Signer",
    "config_folder",
    "consent_from_fields",
    "consent_from_file",
    "find_signer",
    "require_consent",
    "sign",
    "synthetic_consent",
    "verify",
]
