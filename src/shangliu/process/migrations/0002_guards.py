from django.db import migrations

# A state changes only under the pass that the engine's own statement sets for exactly these rows
# and this target; whoever else tries is refused by the database.
GUARD = """
CREATE FUNCTION process_guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  pass text[] := string_to_array(current_setting('shangliu.step', true), ':');
BEGIN
  IF pass IS NULL OR pass[1] IS DISTINCT FROM TG_ARGV[0] OR pass[2] IS DISTINCT FROM NEW.state
     OR position(',' || NEW.id || ',' IN coalesce(pass[3], '')) = 0 THEN
    RAISE EXCEPTION 'state of % % may be changed by the process engine only', TG_ARGV[0], NEW.id
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION process_guard_birth() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT NEW.state = ANY (TG_ARGV) THEN
    RAISE EXCEPTION 'a new row may not begin in state %', NEW.state
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION process_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON process_event
  FOR EACH ROW EXECUTE FUNCTION process_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON process_policyvalue
  FOR EACH ROW EXECUTE FUNCTION process_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("process", "0001_initial")]
    operations = [
        migrations.RunSQL(
            GUARD,
            """
            DROP TRIGGER append_only ON process_policyvalue;
            DROP TRIGGER append_only ON process_event;
            DROP FUNCTION process_append_only();
            DROP FUNCTION process_guard_birth();
            DROP FUNCTION process_guard_state();
            """,
        )
    ]
