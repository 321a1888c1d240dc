from django.db import migrations

# The log lets go of an event in one case only: the demo trade made its purchase (a mark says so)
# and the transaction has said that this very purchase is being removed.
LET_GO = """
CREATE FUNCTION process_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.case_no <> ''
     AND OLD.case_no = current_setting('shangliu.removing', true)
     AND EXISTS (SELECT 1 FROM life_mark WHERE kind = 'case' AND key = OLD.case_no) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
DROP TRIGGER append_only ON process_event;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON process_event
  FOR EACH ROW EXECUTE FUNCTION process_event_stays();
"""
HOLD = """
DROP TRIGGER append_only ON process_event;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON process_event
  FOR EACH ROW EXECUTE FUNCTION process_append_only();
DROP FUNCTION process_event_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0003_differences"),
        ("process", "0003_events_by_month"),
        ("life", "0001_initial"),
    ]
    operations = [migrations.RunSQL(LET_GO, HOLD)]
