from django.db import migrations

GUARD = """
DROP TRIGGER birth_guard ON aftersales_aftersale;
CREATE TRIGGER birth_guard BEFORE INSERT ON aftersales_aftersale FOR EACH ROW
  EXECUTE FUNCTION process_guard_birth({born});
"""


class Migration(migrations.Migration):
    """A parcel that comes back or is lost begins a case that nobody applied for."""

    dependencies = [("flow", "0001_state_guards"), ("aftersales", "0003_parts_and_parcels")]
    operations = [
        migrations.RunSQL(
            GUARD.format(born="'applied', 'returning', 'approved'"),
            GUARD.format(born="'applied'"),
        )
    ]
