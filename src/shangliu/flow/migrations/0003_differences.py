from django.db import migrations

ON = """
CREATE TRIGGER state_guard BEFORE UPDATE ON reconciliation_difference FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION process_guard_state('difference');
CREATE TRIGGER birth_guard BEFORE INSERT ON reconciliation_difference FOR EACH ROW
  EXECUTE FUNCTION process_guard_birth('found');
"""
OFF = """
DROP TRIGGER state_guard ON reconciliation_difference;
DROP TRIGGER birth_guard ON reconciliation_difference;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0002_cases_of_the_system"),
        ("reconciliation", "0001_initial"),
    ]
    operations = [migrations.RunSQL(ON, OFF)]
