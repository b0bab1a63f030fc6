"""acceptance runs."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('acceptance_run',
    sa.Column('id', sa.Integer(), nullable=False, comment='Internal number of the row'),
    sa.Column('version_id', sa.Integer(), nullable=False, comment='Version it vouches for'),
    sa.Column('signed_text', sa.Text(), nullable=False, comment='The whole result, as it was signed (docs/acceptance.md)'),
    sa.Column('verdict', sa.Enum('passed', 'failed', name='verdict', native_enum=False, length=40), nullable=False, comment='Whether the site passed, as the result says'),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=False, comment='When the run ended, as the result says'),
    sa.Column('stored_at', sa.DateTime(timezone=True), nullable=False, comment='When it was stored'),
    sa.Column('stored_by_id', sa.Integer(), nullable=True, comment='By whom'),
    sa.ForeignKeyConstraint(['stored_by_id'], ['account.id'], name=op.f('fk_acceptance_run_stored_by_id')),
    sa.ForeignKeyConstraint(['version_id'], ['client_version.id'], name=op.f('fk_acceptance_run_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance_run'))
    )
    with op.batch_alter_table('acceptance_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_acceptance_run_version_id'), ['version_id'], unique=False)
    _append_only()

    with op.batch_alter_table('client_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('waived_at', sa.DateTime(timezone=True), nullable=True, comment='When it was published without an acceptance run'))
        batch_op.add_column(sa.Column('waived_by_id', sa.Integer(), nullable=True, comment='By whom'))
        batch_op.add_column(sa.Column('waiver_reason', sa.Text(), nullable=False, server_default='', comment='Why'))
        batch_op.create_foreign_key(batch_op.f('fk_client_version_waived_by_id'), 'account', ['waived_by_id'], ['id'])


def _append_only() -> None:
    """Triggers that let nobody change what was stored."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER acceptance_run_no_{act.lower()} BEFORE {act} ON acceptance_run "
                "BEGIN SELECT RAISE(ABORT, 'acceptance_run is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER acceptance_run_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON acceptance_run "
            "FOR EACH STATEMENT EXECUTE FUNCTION is_append_only()"
        )


def downgrade() -> None:
    with op.batch_alter_table('client_version', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_client_version_waived_by_id'), type_='foreignkey')
        batch_op.drop_column('waiver_reason')
        batch_op.drop_column('waived_by_id')
        batch_op.drop_column('waived_at')

    op.drop_table('acceptance_run')
