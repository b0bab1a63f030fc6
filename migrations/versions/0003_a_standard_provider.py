"""a standard provider."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('used_assertion',
    sa.Column('digest', sa.String(length=64), nullable=False, comment='SHA-256 of client and `jti`'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False, comment='When it may be forgotten'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_used_assertion'))
    )
    with op.batch_alter_table('used_assertion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_used_assertion_expires_at'), ['expires_at'], unique=False)

    op.create_table('pushed_request',
    sa.Column('digest', sa.String(length=64), nullable=False, comment='SHA-256 of the reference in its request_uri'),
    sa.Column('client_id', sa.Integer(), nullable=False, comment='Client'),
    sa.Column('parameters', sa.JSON(), nullable=False, comment='The request, as pushed'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False, comment='When it is forgotten'),
    sa.ForeignKeyConstraint(['client_id'], ['client.id'], name=op.f('fk_pushed_request_client_id')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_pushed_request'))
    )
    with op.batch_alter_table('pushed_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pushed_request_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_pushed_request_expires_at'), ['expires_at'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('other_claims', sa.JSON(none_as_null=True), nullable=True, comment='Claims beyond the nineteen attributes, by name, for services unlike those of GrandLyonConnect'))
        batch_op.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True, comment='When its holder last changed it'))

    with op.batch_alter_table('authorization_grant', schema=None) as batch_op:
        batch_op.add_column(sa.Column('authenticated_at', sa.DateTime(timezone=True), nullable=True, comment='Authentication it rests on: `auth_time` of all ID Tokens'))
        batch_op.add_column(sa.Column('acr', sa.String(length=255), nullable=True, comment='Level of that authentication'))
        batch_op.add_column(sa.Column('requested_claims', sa.JSON(none_as_null=True), nullable=True, comment='Claims asked of userinfo by name'))

    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.add_column(sa.Column('registration_digest', sa.String(length=64), nullable=True, comment='SHA-256 of the token with which it manages its own registration (RFC 7592)'))
        batch_op.create_unique_constraint(batch_op.f('uq_client_registration_digest'), ['registration_digest'])

    with op.batch_alter_table('client_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('protocol', sa.JSON(), nullable=False, server_default=sa.text("'{}'"), comment='Further options of the protocol, by registered name (RFC 7591, section 2)'))

    with op.batch_alter_table('client_version', schema=None) as batch_op:
        batch_op.alter_column('protocol', server_default=None)

    with op.batch_alter_table('refresh_token', schema=None) as batch_op:
        batch_op.add_column(sa.Column('used_at', sa.DateTime(timezone=True), nullable=True, comment='When it was first used: another took its place'))



def downgrade() -> None:
    with op.batch_alter_table('refresh_token', schema=None) as batch_op:
        batch_op.drop_column('used_at')

    with op.batch_alter_table('client_version', schema=None) as batch_op:
        batch_op.drop_column('protocol')

    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_client_registration_digest'), type_='unique')
        batch_op.drop_column('registration_digest')

    with op.batch_alter_table('authorization_grant', schema=None) as batch_op:
        batch_op.drop_column('requested_claims')
        batch_op.drop_column('acr')
        batch_op.drop_column('authenticated_at')

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_column('changed_at')
        batch_op.drop_column('other_claims')

    with op.batch_alter_table('pushed_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_pushed_request_expires_at'))
        batch_op.drop_index(batch_op.f('ix_pushed_request_client_id'))

    op.drop_table('pushed_request')
    with op.batch_alter_table('used_assertion', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_used_assertion_expires_at'))

    op.drop_table('used_assertion')
