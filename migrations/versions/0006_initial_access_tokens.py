"""initial access tokens."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('initial_access_token',
    sa.Column('id', sa.Integer(), nullable=False, comment='Internal number of the row'),
    sa.Column('partner_id', sa.Integer(), nullable=False, comment='Whose clients it makes'),
    sa.Column('name', sa.String(length=100), nullable=False, comment='What it is for'),
    sa.Column('digest', sa.String(length=64), nullable=False, comment='SHA-256 of the token'),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False, comment='When it was made'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False, comment='When it expires'),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True, comment='When it was revoked'),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_initial_access_token_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_initial_access_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_initial_access_token_digest'))
    )
    with op.batch_alter_table('initial_access_token', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_initial_access_token_partner_id'), ['partner_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('initial_access_token', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_initial_access_token_partner_id'))

    op.drop_table('initial_access_token')
