from django.db import migrations

# Entries are written whole and for good. Whatever a statement posts must leave each entry that it
# touches at zero, so nothing can be added to an entry later either.
GUARDS = """
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wrong bigint;
BEGIN
  SELECT p.entry_id INTO wrong FROM ledger_posting p
  WHERE p.entry_id IN (SELECT entry_id FROM posted)
  GROUP BY p.entry_id HAVING sum(p.amount_fen) <> 0 LIMIT 1;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'ledger entry % does not balance', wrong
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER balanced AFTER INSERT ON ledger_posting REFERENCING NEW TABLE AS posted
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_balanced();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_posting
  FOR EACH ROW EXECUTE FUNCTION process_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION process_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("process", "0002_guards")]
    operations = [
        migrations.RunSQL(
            GUARDS,
            """
            DROP TRIGGER append_only ON ledger_entry;
            DROP TRIGGER append_only ON ledger_posting;
            DROP TRIGGER balanced ON ledger_posting;
            DROP FUNCTION ledger_balanced();
            """,
        )
    ]
