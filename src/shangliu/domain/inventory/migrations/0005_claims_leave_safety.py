from django.db import migrations

# What a claim takes must be there after all earlier claims and the safety stock. A check cannot
# say that: the safety stock may be raised, and goods may turn out missing, below what is claimed
# plus kept back; only a new claim may not do it.
GUARD = """
CREATE FUNCTION inventory_claims_leave_safety() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'claims on stock % exceed what is available', NEW.id
    USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER claims_leave_safety BEFORE UPDATE ON inventory_stock FOR EACH ROW
  WHEN (NEW.held + NEW.committed > OLD.held + OLD.committed
    AND NEW.on_hand - NEW.held - NEW.committed - NEW.safety < 0)
  EXECUTE FUNCTION inventory_claims_leave_safety();
CREATE TRIGGER claims_leave_safety_at_birth BEFORE INSERT ON inventory_stock FOR EACH ROW
  WHEN (NEW.held + NEW.committed > 0
    AND NEW.on_hand - NEW.held - NEW.committed - NEW.safety < 0)
  EXECUTE FUNCTION inventory_claims_leave_safety();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_in_transit")]
    operations = [
        migrations.RunSQL(
            GUARD,
            """
            DROP TRIGGER claims_leave_safety_at_birth ON inventory_stock;
            DROP TRIGGER claims_leave_safety ON inventory_stock;
            DROP FUNCTION inventory_claims_leave_safety();
            """,
        )
    ]
