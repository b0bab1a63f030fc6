"""the life of keys."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

INSTANTS = {
    'retires_at': 'From when on another one signs; it stays published',
    'withdrawn_at': 'From when on it is no longer published',
    'compromised_at': 'From when on nothing that it signed is believed',
}


def upgrade() -> None:
    op.rename_table('registry_version', 'revision')
    op.execute("INSERT INTO revision (id, number) SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM revision)")
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origin', sa.Enum('generated', 'imported', name='keyorigin', native_enum=False, length=40), nullable=True, comment='Made here, or brought from elsewhere'))
        batch_op.add_column(sa.Column('activates_at', sa.DateTime(timezone=True), nullable=True, comment='From when on it signs'))
        for name, comment in INSTANTS.items():
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True, comment=comment))
    op.execute("UPDATE signing_key SET origin = 'generated', activates_at = created_at")
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.alter_column('origin', existing_type=sa.String(length=40), nullable=False)
        batch_op.alter_column('activates_at', existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        for name in (*INSTANTS, 'activates_at', 'origin'):
            batch_op.drop_column(name)
    op.rename_table('revision', 'registry_version')
