"""The registry's first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vaxcert.registry.database.metadata import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("roles", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=True),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_accounts_state_word")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=600), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index("ix_api_keys_account", "api_keys", ["account"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("doses", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("min_age", sa.SmallInteger(), nullable=True),
        sa.Column("max_age", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'open', 'closed')", name=op.f("ck_campaigns_state_word")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_campaigns_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "certificate_log",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("log_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_certificate_log_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_log")),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("dose", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=11), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("verified_by", sa.String(length=64), nullable=True),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("site_signed_by", sa.String(length=64), nullable=True),
        sa.Column("site_signed_at", Instant(), nullable=True),
        sa.Column("certified_by", sa.String(length=64), nullable=True),
        sa.Column("certified_at", Instant(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=True),
        sa.Column("uvci", sa.String(length=80), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("kid", sa.LargeBinary(length=8), nullable=True),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("anchored_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("word", sa.String(length=40), nullable=True),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "origin IN ('injection', 'correction', 'renewal')", name=op.f("ck_certificates_origin_word")
        ),
        sa.CheckConstraint(
            "state <> 'certified' OR (certified_by IS NOT NULL AND record IS NOT NULL)",
            name=op.f("ck_certificates_certified"),
        ),
        sa.CheckConstraint(
            "state IN ('certified', 'draft', 'site_signed', 'verified', 'refused') OR (certified_by IS NOT NULL AND issued_at IS NOT NULL AND expires_at IS NOT NULL)",
            name=op.f("ck_certificates_issued"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'refused') OR verified_by IS NOT NULL", name=op.f("ck_certificates_verified")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'verified', 'refused') OR site_signed_by IS NOT NULL",
            name=op.f("ck_certificates_site_signed"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'verified', 'site_signed', 'certified', 'logged', 'anchored', 'refused', 'superseded', 'revoked')",
            name=op.f("ck_certificates_state_word"),
        ),
        sa.CheckConstraint(
            "entered_by <> verified_by AND entered_by <> site_signed_by AND entered_by <> certified_by AND verified_by <> site_signed_by AND verified_by <> certified_by AND site_signed_by <> certified_by",
            name=op.f("ck_certificates_separation"),
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_certificates_revision")),
        sa.ForeignKeyConstraint(["replaces"], ["certificates.id"], name=op.f("fk_certificates_replaces")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("uvci", name=op.f("uq_certificates_uvci")),
    )
    op.create_index(op.f("ix_certificates_person"), "certificates", ["person"], unique=False)
    op.create_index("ix_certificates_state_expires", "certificates", ["state", "expires_at"], unique=False)
    op.create_index("ix_certificates_state_site", "certificates", ["state", "site"], unique=False)
    op.create_index(
        "ix_certificates_unanchored",
        "certificates",
        ["leaf_index"],
        unique=False,
        postgresql_where=sa.text("anchored_at IS NULL AND leaf_index IS NOT NULL"),
        sqlite_where=sa.text("anchored_at IS NULL AND leaf_index IS NOT NULL"),
    )
    op.create_index(
        "uq_certificates_in_force",
        "certificates",
        ["dose"],
        unique=True,
        postgresql_where=sa.text("state IN ('anchored', 'logged')"),
        sqlite_where=sa.text("state IN ('anchored', 'logged')"),
    )
    op.create_index(
        "uq_certificates_on_the_way",
        "certificates",
        ["dose"],
        unique=True,
        postgresql_where=sa.text("state IN ('certified', 'draft', 'site_signed', 'verified')"),
        sqlite_where=sa.text("state IN ('certified', 'draft', 'site_signed', 'verified')"),
    )
    op.create_index(
        "uq_certificates_revision",
        "certificates",
        ["dose", "revision"],
        unique=True,
        postgresql_where=sa.text("state <> 'refused'"),
        sqlite_where=sa.text("state <> 'refused'"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("dose", sa.Uuid(), nullable=True),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(length=16), nullable=True),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("wish", sa.LargeBinary(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(lane = 'health') = (dose IS NOT NULL)", name=op.f("ck_corrections_dose")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_corrections_decided")),
        sa.CheckConstraint("lane IN ('health', 'identity')", name=op.f("ck_corrections_lane_word")),
        sa.CheckConstraint(
            "reason IN ('evidence_conclusive', 'site_confirmed', 'slip_of_the_pen', 'evidence_missing', 'evidence_contradicts', 'nothing_wrong', 'another_person')",
            name=op.f("ck_corrections_reason_word"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'refused', 'withdrawn')", name=op.f("ck_corrections_state_word")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'withdrawn') OR (decided_by <> asked_by AND reason IS NOT NULL)",
            name=op.f("ck_corrections_review"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_person"), "corrections", ["person"], unique=False)
    op.create_index("ix_corrections_state", "corrections", ["state", "lane", "id"], unique=False)
    op.create_index(
        "uq_corrections_dose",
        "corrections",
        ["dose"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND lane = 'health'"),
        sqlite_where=sa.text("state = 'open' AND lane = 'health'"),
    )
    op.create_index(
        "uq_corrections_person",
        "corrections",
        ["person"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND lane = 'identity'"),
        sqlite_where=sa.text("state = 'open' AND lane = 'identity'"),
    )
    op.create_table(
        "data_keys",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=60), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_data_keys")),
    )
    op.create_index(op.f("ix_data_keys_key_id"), "data_keys", ["key_id"], unique=False)
    op.create_table(
        "declarations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("valid_until", Instant(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declarations")),
    )
    op.create_index("ix_declarations_person", "declarations", ["person", "signed_at"], unique=False)
    op.create_table(
        "dose_papers",
        sa.Column("dose", sa.Uuid(), nullable=False),
        sa.Column("paper", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("dose", name=op.f("pk_dose_papers")),
    )
    op.create_table(
        "dose_places",
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("dose", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("person", "place", name=op.f("pk_dose_places")),
        sa.UniqueConstraint("dose", name=op.f("uq_dose_places_dose")),
    )
    op.create_table(
        "dose_versions",
        sa.Column("dose", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaced_at", Instant(), nullable=False),
        sa.Column("product", sa.String(length=40), nullable=False),
        sa.Column("lot_number", sa.String(length=40), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("of", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "state IN ('given', 'confirmed', 'unverified', 'voided')", name=op.f("ck_dose_versions_state_word")
        ),
        sa.PrimaryKeyConstraint("dose", "version", name=op.f("pk_dose_versions")),
    )
    op.create_table(
        "doses",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("product", sa.String(length=40), nullable=False),
        sa.Column("lot_number", sa.String(length=40), nullable=True),
        sa.Column("lot", sa.Uuid(), nullable=True),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("of", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_at", Instant(), nullable=True),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(length=16), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("source", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("verified_by", sa.String(length=64), nullable=True),
        sa.Column("visit", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(source = 'visit') = (visit IS NOT NULL)", name=op.f("ck_doses_visit")),
        sa.CheckConstraint("kind IN ('basic', 'additional', 'booster')", name=op.f("ck_doses_kind_word")),
        sa.CheckConstraint("source <> 'visit' OR (lot IS NOT NULL AND site IS NOT NULL)", name=op.f("ck_doses_stock")),
        sa.CheckConstraint(
            "source = 'visit' OR state <> 'confirmed' OR verified_by IS NOT NULL", name=op.f("ck_doses_verified")
        ),
        sa.CheckConstraint("source IN ('visit', 'retro', 'foreign')", name=op.f("ck_doses_source_word")),
        sa.CheckConstraint("state IN ('given', 'confirmed', 'unverified', 'voided')", name=op.f("ck_doses_state_word")),
        sa.CheckConstraint("number >= 1 AND of >= 1 AND nth >= 1", name=op.f("ck_doses_numbers")),
        sa.CheckConstraint("verified_by IS NULL OR verified_by <> entered_by", name=op.f("ck_doses_separation")),
        sa.PrimaryKeyConstraint("month", "id", name=op.f("pk_doses")),
        info={"partition_by_month": True},
        postgresql_partition_by="RANGE (month)",
    )
    op.create_index("ix_doses_lot", "doses", ["lot"], unique=False)
    op.create_index("ix_doses_site_given_on", "doses", ["site", "given_on"], unique=False)
    op.create_index(
        "uq_doses_a_day",
        "doses",
        ["month", "person", "given_on"],
        unique=True,
        postgresql_where=sa.text("state <> 'voided'"),
        sqlite_where=sa.text("state <> 'voided'"),
    )
    op.create_table(
        "follow_up_progress",
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("last_dose", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("given_on", "number", name=op.f("pk_follow_up_progress")),
    )
    op.create_table(
        "notification_keys",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("notification", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notification_keys")),
    )
    op.create_index(op.f("ix_notification_keys_about"), "notification_keys", ["about"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=48), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("channel", sa.String(length=7), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("contact", sa.Uuid(), nullable=True),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("lapses_at", Instant(), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("receipt", sa.String(length=80), nullable=True),
        sa.CheckConstraint("(state = 'sending') = (lease IS NOT NULL)", name=op.f("ck_notifications_lease")),
        sa.CheckConstraint(
            "(state IN ('queued', 'sending')) = (ended_at IS NULL)", name=op.f("ck_notifications_ended")
        ),
        sa.CheckConstraint("channel IN ('sms', 'mail', 'webhook')", name=op.f("ck_notifications_channel_word")),
        sa.CheckConstraint("language IN ('vi', 'en')", name=op.f("ck_notifications_language_word")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'dead', 'lapsed', 'withdrawn')",
            name=op.f("ck_notifications_state_word"),
        ),
        sa.CheckConstraint("person IS NULL OR contact IS NULL", name=op.f("ck_notifications_to")),
        sa.PrimaryKeyConstraint("month", "id", name=op.f("pk_notifications")),
        info={"partition_by_month": True},
        postgresql_partition_by="RANGE (month)",
    )
    op.create_index(
        "ix_notifications_open",
        "notifications",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index(op.f("ix_notifications_person"), "notifications", ["person"], unique=False)
    op.create_table(
        "one_time_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_codes")),
    )
    op.create_index("ix_one_time_codes_phone_sent_at", "one_time_codes", ["phone", "sent_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("survivor", sa.Uuid(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=True),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("declared_by", sa.String(length=5), nullable=False),
        sa.Column("identity_verified", sa.String(length=19), nullable=True),
        sa.Column("identity_verified_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name=op.f("ck_people_merged_into")),
        sa.CheckConstraint("declared_by IN ('self', 'other')", name=op.f("ck_people_declared_by_word")),
        sa.CheckConstraint(
            "identity_verified IN ('population_database', 'chip_card', 'document_seen')",
            name=op.f("ck_people_identity_verified_word"),
        ),
        sa.CheckConstraint("sex IN ('male', 'female', 'other')", name=op.f("ck_people_sex_word")),
        sa.CheckConstraint("state <> 'active' OR sealed IS NOT NULL", name=op.f("ck_people_sealed")),
        sa.CheckConstraint("state IN ('active', 'merged', 'erased')", name=op.f("ck_people_state_word")),
        sa.CheckConstraint("(merged_into IS NULL) = (survivor IS NULL)", name=op.f("ck_people_survivor")),
        sa.ForeignKeyConstraint(["merged_into"], ["people.id"], name=op.f("fk_people_merged_into")),
        sa.ForeignKeyConstraint(["survivor"], ["people.id"], name=op.f("fk_people_survivor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_survivor"), "people", ["survivor"], unique=False)
    op.create_table(
        "reactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("dose", sa.Uuid(), nullable=False),
        sa.Column("dose_number", sa.SmallInteger(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("product", sa.String(length=40), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=True),
        sa.Column("lot_number", sa.String(length=40), nullable=True),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=7), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=23), nullable=True),
        sa.Column("cause", sa.String(length=18), nullable=True),
        sa.Column("learned_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("duty", sa.String(length=40), nullable=True),
        sa.Column("forwarded_at", Instant(), nullable=True),
        sa.Column("called_in_at", Instant(), nullable=True),
        sa.CheckConstraint("(state = 'reviewed') = (cause IS NOT NULL)", name=op.f("ck_reactions_cause")),
        sa.CheckConstraint(
            "cause IN ('product', 'quality_defect', 'immunization_error', 'anxiety', 'indeterminate', 'coincidental', 'unclassifiable')",
            name=op.f("ck_reactions_cause_word"),
        ),
        sa.CheckConstraint("level <> 'serious' OR due_at IS NOT NULL", name=op.f("ck_reactions_duty")),
        sa.CheckConstraint("level <> 'urgent' OR state IN ('told', 'dismissed')", name=op.f("ck_reactions_urgent")),
        sa.CheckConstraint("level IN ('none', 'ordinary', 'urgent', 'serious')", name=op.f("ck_reactions_level_word")),
        sa.CheckConstraint(
            "outcome IN ('died', 'recovered', 'recovered_with_sequelae', 'recovering', 'not_recovered', 'unknown')",
            name=op.f("ck_reactions_outcome_word"),
        ),
        sa.CheckConstraint("source IN ('citizen', 'staff')", name=op.f("ck_reactions_source_word")),
        sa.CheckConstraint(
            "state IN ('told', 'reported', 'reviewed', 'dismissed')", name=op.f("ck_reactions_state_word")
        ),
        sa.CheckConstraint("(due_at IS NULL) = (learned_at IS NULL)", name=op.f("ck_reactions_learned")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reactions")),
        sa.UniqueConstraint("code", name=op.f("uq_reactions_code")),
    )
    op.create_index("ix_reactions_area", "reactions", ["area", "told_on"], unique=False)
    op.create_index(op.f("ix_reactions_dose"), "reactions", ["dose"], unique=False)
    op.create_index("ix_reactions_lot", "reactions", ["lot_number", "product"], unique=False)
    op.create_index(
        "ix_reactions_owed",
        "reactions",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL AND forwarded_at IS NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL AND forwarded_at IS NULL"),
    )
    op.create_index(op.f("ix_reactions_person"), "reactions", ["person"], unique=False)
    op.create_index("ix_reactions_site", "reactions", ["site", "told_on"], unique=False)
    op.create_table(
        "report_populations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("from_age", sa.SmallInteger(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.CheckConstraint("people >= 0", name=op.f("ck_report_populations_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_populations")),
    )
    op.create_index("ix_report_populations_area", "report_populations", ["area", "from_age", "since"], unique=False)
    op.create_table(
        "requests",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_at"), "requests", ["at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("phone", sa.LargeBinary(length=32), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"], unique=False)
    op.create_table(
        "sites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("tables", sa.SmallInteger(), nullable=False),
        sa.Column("per_table_hour", sa.SmallInteger(), nullable=False),
        sa.Column("slot_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("walk_in_percent", sa.SmallInteger(), nullable=False),
        sa.Column("later_dose_percent", sa.SmallInteger(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.CheckConstraint(
            "kind IN ('hospital', 'health_station', 'clinic', 'mobile', 'other')", name=op.f("ck_sites_kind_word")
        ),
        sa.CheckConstraint("state IN ('active', 'closed')", name=op.f("ck_sites_state_word")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("code", name=op.f("uq_sites_code")),
    )
    op.create_index("ix_sites_area", "sites", ["area", "id"], unique=False)
    op.create_table(
        "stock_lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("manufacturer", sa.String(length=64), nullable=False),
        sa.Column("doses_per_vial", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.CheckConstraint("state IN ('released', 'on_hold', 'recalled')", name=op.f("ck_stock_lots_state_word")),
        sa.CheckConstraint("doses_per_vial > 0", name=op.f("ck_stock_lots_vial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lots")),
        sa.UniqueConstraint("number", "product", name=op.f("uq_stock_lots_number_product")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("shelf", sa.Uuid(), nullable=False),
        sa.Column("vial", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("doses", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("transfer", sa.Uuid(), nullable=True),
        sa.Column("dose", sa.Uuid(), nullable=True),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('received', 'arrived', 'thawed_in', 'found', 'sent', 'returned', 'thawed_out', 'wasted', 'missing', 'opened', 'used', 'spare', 'unused')",
            name=op.f("ck_stock_movements_kind_word"),
        ),
        sa.CheckConstraint("doses > 0", name=op.f("ck_stock_movements_doses")),
        sa.PrimaryKeyConstraint("month", "id", name=op.f("pk_stock_movements")),
        sa.UniqueConstraint("dose", "kind", "month", name=op.f("uq_stock_movements_dose_kind_month")),
        info={"partition_by_month": True},
        postgresql_partition_by="RANGE (month)",
    )
    op.create_index(op.f("ix_stock_movements_lot"), "stock_movements", ["lot"], unique=False)
    op.create_index("ix_stock_movements_site_day", "stock_movements", ["site", "day"], unique=False)
    op.create_table(
        "trail",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("deed", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("before", sa.LargeBinary(length=32), nullable=True),
        sa.Column("after", sa.LargeBinary(length=32), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("month", "id", name=op.f("pk_trail")),
        info={"partition_by_month": True},
        postgresql_partition_by="RANGE (month)",
    )
    op.create_index(op.f("ix_trail_subject"), "trail", ["subject"], unique=False)
    op.create_table(
        "trail_links",
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_trail_links")),
        sa.UniqueConstraint("entry", name=op.f("uq_trail_links_entry")),
    )
    op.create_table(
        "trail_tail",
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_trail_tail")),
    )
    op.create_table(
        "visits",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("outcome", sa.String(length=15), nullable=True),
        sa.Column("appointment", sa.Uuid(), nullable=True),
        sa.Column("registration", sa.Uuid(), nullable=True),
        sa.Column("product", sa.String(length=40), nullable=True),
        sa.Column("dose", sa.Uuid(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=True),
        sa.Column("screened_at", Instant(), nullable=True),
        sa.Column("screened_by", sa.String(length=64), nullable=True),
        sa.Column("injected_at", Instant(), nullable=True),
        sa.Column("injected_by", sa.String(length=64), nullable=True),
        sa.Column("observe_until", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("deferred_until", sa.Date(), nullable=True),
        sa.Column("reception", sa.LargeBinary(), nullable=True),
        sa.Column("screening", sa.LargeBinary(), nullable=True),
        sa.Column("vitals", sa.LargeBinary(), nullable=True),
        sa.Column("ending", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(outcome = 'injected') = (dose IS NOT NULL)", name=op.f("ck_visits_injected")),
        sa.CheckConstraint("(state IN ('completed', 'closed')) = (ended_at IS NOT NULL)", name=op.f("ck_visits_ended")),
        sa.CheckConstraint("(state IN ('received', 'cleared')) = (outcome IS NULL)", name=op.f("ck_visits_outcome")),
        sa.CheckConstraint(
            "outcome IN ('injected', 'deferred', 'contraindicated', 'refused', 'referred', 'no_show')",
            name=op.f("ck_visits_outcome_word"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'cleared', 'injected', 'left', 'completed', 'closed')",
            name=op.f("ck_visits_state_word"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('injected', 'left', 'completed') OR dose IS NOT NULL", name=op.f("ck_visits_dose")
        ),
        sa.CheckConstraint("dose IS NULL OR screened_at IS NOT NULL", name=op.f("ck_visits_screened")),
        sa.PrimaryKeyConstraint("month", "id", name=op.f("pk_visits")),
        info={"partition_by_month": True},
        postgresql_partition_by="RANGE (month)",
    )
    op.create_index(
        "ix_visits_person",
        "visits",
        ["person"],
        unique=False,
        postgresql_where=sa.text("deferred_until IS NOT NULL"),
        sqlite_where=sa.text("deferred_until IS NOT NULL"),
    )
    op.create_index("ix_visits_site_day", "visits", ["site", "day"], unique=False)
    op.create_index(
        "uq_visits_open",
        "visits",
        ["month", "person"],
        unique=True,
        postgresql_where=sa.text("state IN ('cleared', 'received')"),
        sqlite_where=sa.text("state IN ('cleared', 'received')"),
    )
    op.create_table(
        "account_passwords",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_account_passwords_account")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_passwords")),
    )
    op.create_table(
        "correction_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("correction", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(length=15), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("forgotten_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'image/png', 'application/pdf')",
            name=op.f("ck_correction_evidence_media_type_word"),
        ),
        sa.CheckConstraint(
            "(content IS NULL) = (forgotten_at IS NOT NULL)", name=op.f("ck_correction_evidence_forgotten")
        ),
        sa.CheckConstraint("size BETWEEN 1 AND 2097152", name=op.f("ck_correction_evidence_size")),
        sa.ForeignKeyConstraint(["correction"], ["corrections.id"], name=op.f("fk_correction_evidence_correction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_evidence")),
    )
    op.create_index(op.f("ix_correction_evidence_correction"), "correction_evidence", ["correction"], unique=False)
    op.create_table(
        "duplicate_pairs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("likeness", sa.String(length=8), nullable=False),
        sa.Column("reasons", sa.String(length=240), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "likeness IN ('certain', 'likely', 'possible', 'unlikely')", name=op.f("ck_duplicate_pairs_likeness_word")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'merged', 'distinct', 'erased')", name=op.f("ck_duplicate_pairs_state_word")
        ),
        sa.CheckConstraint("one < other", name=op.f("ck_duplicate_pairs_order")),
        sa.ForeignKeyConstraint(["one"], ["people.id"], name=op.f("fk_duplicate_pairs_one")),
        sa.ForeignKeyConstraint(["other"], ["people.id"], name=op.f("fk_duplicate_pairs_other")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_pairs")),
        sa.UniqueConstraint("one", "other", name=op.f("uq_duplicate_pairs_one_other")),
    )
    op.create_index(op.f("ix_duplicate_pairs_other"), "duplicate_pairs", ["other"], unique=False)
    op.create_index("ix_duplicate_pairs_worklist", "duplicate_pairs", ["state", "points", "id"], unique=False)
    op.create_table(
        "guardianships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("guardian", sa.Uuid(), nullable=False),
        sa.Column("dependant", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=14), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("evidence", sa.String(length=13), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.CheckConstraint("(state = 'active') = (revoked_at IS NULL)", name=op.f("ck_guardianships_revoked_at")),
        sa.CheckConstraint(
            "evidence IN ('declared', 'one_time_code', 'in_person', 'signed_paper')",
            name=op.f("ck_guardianships_evidence_word"),
        ),
        sa.CheckConstraint(
            "relation IN ('mother', 'father', 'legal_guardian', 'grandparent', 'sibling', 'spouse', 'child', 'other')",
            name=op.f("ck_guardianships_relation_word"),
        ),
        sa.CheckConstraint("state IN ('active', 'revoked')", name=op.f("ck_guardianships_state_word")),
        sa.CheckConstraint("guardian <> dependant", name=op.f("ck_guardianships_two_people")),
        sa.ForeignKeyConstraint(["dependant"], ["people.id"], name=op.f("fk_guardianships_dependant")),
        sa.ForeignKeyConstraint(["guardian"], ["people.id"], name=op.f("fk_guardianships_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardianships")),
    )
    op.create_index(op.f("ix_guardianships_dependant"), "guardianships", ["dependant"], unique=False)
    op.create_index(
        "uq_guardianships_active",
        "guardianships",
        ["guardian", "dependant"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "issuance_intents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("certificate", sa.Uuid(), nullable=False),
        sa.Column("uvci", sa.String(length=80), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (done_at IS NULL)", name=op.f("ck_issuance_intents_done")),
        sa.CheckConstraint("kind <> 'revoke' OR word IS NOT NULL", name=op.f("ck_issuance_intents_revoked")),
        sa.CheckConstraint("kind IN ('issue', 'revoke', 'erase')", name=op.f("ck_issuance_intents_kind_word")),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'cancelled', 'failed')", name=op.f("ck_issuance_intents_state_word")
        ),
        sa.ForeignKeyConstraint(["certificate"], ["certificates.id"], name=op.f("fk_issuance_intents_certificate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuance_intents")),
        sa.UniqueConstraint("certificate", "kind", name=op.f("uq_issuance_intents_certificate_kind")),
    )
    op.create_index(
        "ix_issuance_intents_waiting",
        "issuance_intents",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "office_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=True),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=7), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'mail', 'webhook')", name=op.f("ck_office_contacts_channel_word")),
        sa.CheckConstraint("language IN ('vi', 'en')", name=op.f("ck_office_contacts_language_word")),
        sa.CheckConstraint("state IN ('active', 'withdrawn')", name=op.f("ck_office_contacts_state_word")),
        sa.CheckConstraint("(area IS NULL) <> (site IS NULL)", name=op.f("ck_office_contacts_whose")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_office_contacts_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_contacts")),
    )
    op.create_index("ix_office_contacts_area", "office_contacts", ["area"], unique=False)
    op.create_index(op.f("ix_office_contacts_site"), "office_contacts", ["site"], unique=False)
    op.create_table(
        "person_index",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.CheckConstraint(
            "kind IN ('number', 'phone', 'birth', 'qid', 'row')", name=op.f("ck_person_index_kind_word")
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_person_index_person")),
        sa.PrimaryKeyConstraint("digest", "person", name=op.f("pk_person_index")),
    )
    op.create_index("ix_person_index_person", "person_index", ["person"], unique=False)
    op.create_table(
        "person_merges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merged", sa.Uuid(), nullable=False),
        sa.Column("survivor", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("undone_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["merged"], ["people.id"], name=op.f("fk_person_merges_merged")),
        sa.ForeignKeyConstraint(["survivor"], ["people.id"], name=op.f("fk_person_merges_survivor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merges")),
    )
    op.create_index("ix_person_merges_merged", "person_merges", ["merged"], unique=False)
    op.create_table(
        "person_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("changed", sa.String(length=240), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_person_versions_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_versions")),
        sa.UniqueConstraint("person", "number", name=op.f("uq_person_versions_person_number")),
    )
    op.create_table(
        "reaction_events",
        sa.Column("reaction", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["reaction"], ["reactions.id"], name=op.f("fk_reaction_events_reaction")),
        sa.PrimaryKeyConstraint("reaction", "event", name=op.f("pk_reaction_events")),
    )
    op.create_table(
        "reaction_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reaction", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["reaction"], ["reactions.id"], name=op.f("fk_reaction_versions_reaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reaction_versions")),
        sa.UniqueConstraint("reaction", "version", name=op.f("uq_reaction_versions_reaction_version")),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("declarer", sa.String(length=7), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=True),
        sa.Column("dose_number", sa.SmallInteger(), nullable=False),
        sa.Column("priority_group", sa.String(length=32), nullable=False),
        sa.Column("birth_year", sa.SmallInteger(), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("desired_on", sa.Date(), nullable=False),
        sa.Column("session", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("declarer IN ('self', 'other', 'officer')", name=op.f("ck_registrations_declarer_word")),
        sa.CheckConstraint(
            "session IN ('morning', 'afternoon', 'all_day')", name=op.f("ck_registrations_session_word")
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'refused', 'withdrawn', 'fulfilled', 'closed')",
            name=op.f("ck_registrations_state_word"),
        ),
        sa.CheckConstraint("dose_number BETWEEN 1 AND 9", name=op.f("ck_registrations_dose_number")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_registrations_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("code", name=op.f("uq_registrations_code")),
    )
    op.create_index("ix_registrations_area_state", "registrations", ["area", "state", "id"], unique=False)
    op.create_index(op.f("ix_registrations_person"), "registrations", ["person"], unique=False)
    op.create_index(
        "uq_registrations_open",
        "registrations",
        ["person", "dose_number"],
        unique=True,
        postgresql_where=sa.text("state IN ('approved', 'submitted')"),
        sqlite_where=sa.text("state IN ('approved', 'submitted')"),
    )
    op.create_table(
        "site_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_site_days_state_word")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_site_days_campaign")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_site_days_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_days")),
        sa.UniqueConstraint("site", "day", name=op.f("uq_site_days_site_day")),
    )
    op.create_table(
        "stock_lot_expiries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["lot"], ["stock_lots.id"], name=op.f("fk_stock_lot_expiries_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lot_expiries")),
    )
    op.create_index(op.f("ix_stock_lot_expiries_lot"), "stock_lot_expiries", ["lot"], unique=False)
    op.create_table(
        "stock_lot_states",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.CheckConstraint("state IN ('released', 'on_hold', 'recalled')", name=op.f("ck_stock_lot_states_state_word")),
        sa.ForeignKeyConstraint(["lot"], ["stock_lots.id"], name=op.f("fk_stock_lot_states_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lot_states")),
    )
    op.create_index(op.f("ix_stock_lot_states_lot"), "stock_lot_states", ["lot"], unique=False)
    op.create_table(
        "stock_shelves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("cold", sa.String(length=10), nullable=False),
        sa.Column("thawed_at", Instant(), nullable=True),
        sa.Column("doses_per_vial", sa.Integer(), nullable=False),
        sa.Column("unopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received", sa.Integer(), server_default="0", nullable=False),
        sa.Column("arrived", sa.Integer(), server_default="0", nullable=False),
        sa.Column("thawed_in", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("thawed_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wasted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("cold IN ('ultra_cold', 'frozen', 'fridge')", name=op.f("ck_stock_shelves_cold_word")),
        sa.CheckConstraint("unopened % doses_per_vial = 0", name=op.f("ck_stock_shelves_whole_vials")),
        sa.CheckConstraint(
            "unopened >= 0 AND unopened = received + arrived + thawed_in + found - sent - returned - thawed_out - wasted - missing - opened",
            name=op.f("ck_stock_shelves_conserved"),
        ),
        sa.ForeignKeyConstraint(["lot"], ["stock_lots.id"], name=op.f("fk_stock_shelves_lot")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_stock_shelves_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_shelves")),
    )
    op.create_index(op.f("ix_stock_shelves_lot"), "stock_shelves", ["lot"], unique=False)
    op.create_index(op.f("ix_stock_shelves_site"), "stock_shelves", ["site"], unique=False)
    op.create_index(
        "uq_stock_shelves_never_thawed",
        "stock_shelves",
        ["site", "lot", "cold"],
        unique=True,
        sqlite_where=sa.text("thawed_at IS NULL"),
        postgresql_where=sa.text("thawed_at IS NULL"),
    )
    op.create_index(
        "uq_stock_shelves_thawed",
        "stock_shelves",
        ["site", "lot", "cold", "thawed_at"],
        unique=True,
        sqlite_where=sa.text("thawed_at IS NOT NULL"),
        postgresql_where=sa.text("thawed_at IS NOT NULL"),
    )
    op.create_table(
        "stock_transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("from_site", sa.Uuid(), nullable=False),
        sa.Column("to_site", sa.Uuid(), nullable=False),
        sa.Column("cold", sa.String(length=10), nullable=False),
        sa.Column("thawed_at", Instant(), nullable=True),
        sa.Column("sent_doses", sa.Integer(), nullable=False),
        sa.Column("received_doses", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=True),
        sa.Column("difference", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "(state = 'received') = (received_doses IS NOT NULL) AND (difference IS NOT NULL) = (received_doses IS NOT NULL AND received_doses <> sent_doses)",
            name=op.f("ck_stock_transfers_told"),
        ),
        sa.CheckConstraint("cold IN ('ultra_cold', 'frozen', 'fridge')", name=op.f("ck_stock_transfers_cold_word")),
        sa.CheckConstraint("state IN ('sent', 'received')", name=op.f("ck_stock_transfers_state_word")),
        sa.CheckConstraint("from_site <> to_site", name=op.f("ck_stock_transfers_elsewhere")),
        sa.CheckConstraint("received_doses >= 0", name=op.f("ck_stock_transfers_received")),
        sa.CheckConstraint("sent_doses > 0", name=op.f("ck_stock_transfers_sent")),
        sa.ForeignKeyConstraint(["from_site"], ["sites.id"], name=op.f("fk_stock_transfers_from_site")),
        sa.ForeignKeyConstraint(["lot"], ["stock_lots.id"], name=op.f("fk_stock_transfers_lot")),
        sa.ForeignKeyConstraint(["to_site"], ["sites.id"], name=op.f("fk_stock_transfers_to_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_transfers")),
    )
    op.create_index(op.f("ix_stock_transfers_from_site"), "stock_transfers", ["from_site"], unique=False)
    op.create_index(op.f("ix_stock_transfers_lot"), "stock_transfers", ["lot"], unique=False)
    op.create_index(op.f("ix_stock_transfers_to_site"), "stock_transfers", ["to_site"], unique=False)
    op.create_table(
        "registration_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("registration", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("area", sa.String(length=16), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=True),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "event IN ('approve', 'refuse', 'transfer', 'withdraw', 'fulfil', 'close')",
            name=op.f("ck_registration_steps_event_word"),
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'refused', 'withdrawn', 'fulfilled', 'closed')",
            name=op.f("ck_registration_steps_state_word"),
        ),
        sa.ForeignKeyConstraint(
            ["registration"], ["registrations.id"], name=op.f("fk_registration_steps_registration")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_steps")),
        sa.UniqueConstraint("registration", "version", name=op.f("uq_registration_steps_registration_version")),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("site_day", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("campaign", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("session", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("first_capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("first_taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("session IN ('morning', 'afternoon', 'all_day')", name=op.f("ck_slots_session_word")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_slots_state_word")),
        sa.CheckConstraint("first_capacity <= capacity", name=op.f("ck_slots_first_capacity")),
        sa.CheckConstraint(
            "first_taken BETWEEN 0 AND first_capacity AND first_taken <= taken", name=op.f("ck_slots_first_taken")
        ),
        sa.CheckConstraint("taken BETWEEN 0 AND capacity", name=op.f("ck_slots_taken")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_slots_campaign")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_slots_site")),
        sa.ForeignKeyConstraint(["site_day"], ["site_days.id"], name=op.f("fk_slots_site_day")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("site", "starts_at", name=op.f("uq_slots_site_starts_at")),
    )
    op.create_index("ix_slots_day_site", "slots", ["day", "site"], unique=False)
    op.create_table(
        "stock_vials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("shelf", sa.Uuid(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("discard_at", Instant(), nullable=False),
        sa.Column("doses_left", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spare", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wasted", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "doses_left >= 0 AND doses_left = opened + spare + unused - used - wasted",
            name=op.f("ck_stock_vials_conserved"),
        ),
        sa.ForeignKeyConstraint(["lot"], ["stock_lots.id"], name=op.f("fk_stock_vials_lot")),
        sa.ForeignKeyConstraint(["shelf"], ["stock_shelves.id"], name=op.f("fk_stock_vials_shelf")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_stock_vials_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_vials")),
    )
    op.create_index(op.f("ix_stock_vials_lot"), "stock_vials", ["lot"], unique=False)
    op.create_index(
        "ix_stock_vials_open",
        "stock_vials",
        ["site", "lot"],
        unique=False,
        sqlite_where=sa.text("doses_left > 0"),
        postgresql_where=sa.text("doses_left > 0"),
    )
    op.create_index(op.f("ix_stock_vials_shelf"), "stock_vials", ["shelf"], unique=False)
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("registration", sa.Uuid(), nullable=False),
        sa.Column("dose_number", sa.SmallInteger(), nullable=False),
        sa.Column("slot", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name=op.f("ck_appointments_outcome")),
        sa.CheckConstraint(
            "(state IN ('held', 'proposed')) = (expires_at IS NOT NULL)", name=op.f("ck_appointments_passing")
        ),
        sa.CheckConstraint(
            "state IN ('held', 'proposed', 'booked', 'confirmed', 'arrived', 'done', 'no_show', 'cancelled', 'expired')",
            name=op.f("ck_appointments_state_word"),
        ),
        sa.ForeignKeyConstraint(["registration"], ["registrations.id"], name=op.f("fk_appointments_registration")),
        sa.ForeignKeyConstraint(["slot"], ["slots.id"], name=op.f("fk_appointments_slot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    op.create_index(
        "ix_appointments_passing",
        "appointments",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'proposed')"),
        sqlite_where=sa.text("state IN ('held', 'proposed')"),
    )
    op.create_index(op.f("ix_appointments_person"), "appointments", ["person"], unique=False)
    op.create_index(op.f("ix_appointments_registration"), "appointments", ["registration"], unique=False)
    op.create_index(op.f("ix_appointments_slot"), "appointments", ["slot"], unique=False)
    op.create_index(
        "uq_appointments_live",
        "appointments",
        ["person", "dose_number"],
        unique=True,
        postgresql_where=sa.text("state IN ('arrived', 'booked', 'confirmed', 'held', 'proposed')"),
        sqlite_where=sa.text("state IN ('arrived', 'booked', 'confirmed', 'held', 'proposed')"),
    )
    op.create_table(
        "appointment_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=7), nullable=False),
        sa.Column("state_before", sa.String(length=9), nullable=False),
        sa.Column("slot_before", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "event IN ('accept', 'confirm', 'move', 'arrive', 'finish', 'miss', 'cancel', 'lapse')",
            name=op.f("ck_appointment_steps_event_word"),
        ),
        sa.CheckConstraint(
            "state_before IN ('held', 'proposed', 'booked', 'confirmed', 'arrived', 'done', 'no_show', 'cancelled', 'expired')",
            name=op.f("ck_appointment_steps_state_before_word"),
        ),
        sa.ForeignKeyConstraint(["appointment"], ["appointments.id"], name=op.f("fk_appointment_steps_appointment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_steps")),
        sa.UniqueConstraint("appointment", "version", name=op.f("uq_appointment_steps_appointment_version")),
    )
    op.create_table(
        "waiting_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("registration", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Uuid(), nullable=False),
        sa.Column("dose_number", sa.SmallInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("session", sa.String(length=9), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("joined_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("appointment", sa.Uuid(), nullable=True),
        sa.CheckConstraint("session IN ('morning', 'afternoon', 'all_day')", name=op.f("ck_waiting_list_session_word")),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'placed', 'declined', 'lapsed', 'left')",
            name=op.f("ck_waiting_list_state_word"),
        ),
        sa.ForeignKeyConstraint(["appointment"], ["appointments.id"], name=op.f("fk_waiting_list_appointment")),
        sa.ForeignKeyConstraint(["registration"], ["registrations.id"], name=op.f("fk_waiting_list_registration")),
        sa.ForeignKeyConstraint(["site"], ["sites.id"], name=op.f("fk_waiting_list_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_list")),
        sa.UniqueConstraint("appointment", name=op.f("uq_waiting_list_appointment")),
    )
    op.create_index(op.f("ix_waiting_list_person"), "waiting_list", ["person"], unique=False)
    op.create_index("ix_waiting_list_turn", "waiting_list", ["site", "state", "rank", "joined_at"], unique=False)
    op.create_index(
        "uq_waiting_list_waits",
        "waiting_list",
        ["person", "dose_number", "site"],
        unique=True,
        postgresql_where=sa.text("state IN ('offered', 'waiting')"),
        sqlite_where=sa.text("state IN ('offered', 'waiting')"),
    )
