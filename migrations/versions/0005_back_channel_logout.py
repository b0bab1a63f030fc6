"""back-channel logout."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('backchannel_logout',
    sa.Column('id', sa.Integer(), nullable=False, comment='Internal number of the row'),
    sa.Column('session_id', sa.Integer(), nullable=False, comment='Session that ended'),
    sa.Column('client_id', sa.Integer(), nullable=False, comment='Client to tell'),
    sa.Column('subject', sa.String(length=255), nullable=False, comment='Subject of the account for that client; emptied once told or given up'),
    sa.Column('queued_at', sa.DateTime(timezone=True), nullable=False, comment='When the session ended'),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True, comment='When it is sent next, or may be taken from a process that never said what became of it; empty: never'),
    sa.Column('attempts', sa.Integer(), nullable=False, comment='How often it was sent'),
    sa.Column('last_status', sa.Integer(), nullable=True, comment='HTTP status of the latest answer, if there was one'),
    sa.Column('last_error', sa.String(length=300), nullable=False, comment='What went wrong at the latest attempt'),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True, comment='When the client took it'),
    sa.Column('given_up_at', sa.DateTime(timezone=True), nullable=True, comment='When it was given up'),
    sa.ForeignKeyConstraint(['client_id'], ['client.id'], name=op.f('fk_backchannel_logout_client_id')),
    sa.ForeignKeyConstraint(['session_id'], ['browser_session.id'], name=op.f('fk_backchannel_logout_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_backchannel_logout')),
    sa.UniqueConstraint('session_id', 'client_id', name=op.f('uq_backchannel_logout_session_id_client_id'))
    )
    with op.batch_alter_table('backchannel_logout', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_backchannel_logout_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_backchannel_logout_next_attempt_at'), ['next_attempt_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('backchannel_logout', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_backchannel_logout_next_attempt_at'))
        batch_op.drop_index(batch_op.f('ix_backchannel_logout_client_id'))

    op.drop_table('backchannel_logout')
