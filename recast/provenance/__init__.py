"""Consent records and content credentials."""

from recast.provenance.book import BookDamaged, read_book
from recast.provenance.certificate import config_folder, find_signer
from recast.provenance.consent import (
    ConsentBasis,
    ConsentRecord,
    consent_from_fields,
    consent_from_file,
    require_consent,
    synthetic_consent,
)
from recast.provenance.credentials import can_embed, sign, sign_beside, signed_jpeg, verify
from recast.provenance.folders import SIDECAR
from recast.provenance.signer import Signer
from recast.provenance.statement import Credentials, IngredientFound
from recast.provenance.watermark import Watermark
from recast.provenance.watermark_search import FoundWatermark, Gathered, find_watermark

__all__ = [
    "SIDECAR",
    "BookDamaged",
    "ConsentBasis",
    "ConsentRecord",
    "Credentials",
    "FoundWatermark",
    "Gathered",
    "IngredientFound",
    "Signer",
    "Watermark",
    "can_embed",
    "config_folder",
    "consent_from_fields",
    "consent_from_file",
    "find_signer",
    "find_watermark",
    "read_book",
    "require_consent",
    "sign",
    "sign_beside",
    "signed_jpeg",
    "synthetic_consent",
    "verify",
]
