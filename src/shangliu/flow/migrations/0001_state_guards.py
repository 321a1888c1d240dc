from django.db import migrations

# process, table, states that a row may be born in
GUARDED = (
    ("cart", "cart_cart", "open"),
    ("reservation", "inventory_reservation", "held"),
    ("order", "orders_order", "awaiting_payment"),
    ("payment", "payments_payment", "created"),
    ("refund", "payments_refund", "requested"),
    ("fulfilment", "fulfilment_fulfilmenttask", "created"),
    ("parcel", "logistics_parcel", "requested"),
    ("aftersale", "aftersales_aftersale", "applied"),
    ("settlement", "settlement_settlemententry", "pending"),
)

ON = """
CREATE TRIGGER state_guard BEFORE UPDATE ON {table} FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION process_guard_state('{process}');
CREATE TRIGGER birth_guard BEFORE INSERT ON {table} FOR EACH ROW
  EXECUTE FUNCTION process_guard_birth('{born}');
"""
OFF = "DROP TRIGGER state_guard ON {table}; DROP TRIGGER birth_guard ON {table};"


class Migration(migrations.Migration):
    dependencies = [
        ("process", "0002_guards"),
        ("platform", "0002_numbers"),
        ("cart", "0002_initial"),
        ("inventory", "0001_initial"),
        ("orders", "0001_initial"),
        ("payments", "0001_initial"),
        ("fulfilment", "0002_initial"),
        ("logistics", "0001_initial"),
        ("aftersales", "0002_initial"),
        ("settlement", "0001_initial"),
    ]
    operations = [
        migrations.RunSQL(
            ON.format(process=process, table=table, born=born), OFF.format(table=table)
        )
        for process, table, born in GUARDED
    ] + [
        migrations.RunSQL(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON inventory_stockmovement"
            " FOR EACH ROW EXECUTE FUNCTION process_append_only()",
            "DROP TRIGGER append_only ON inventory_stockmovement",
        )
    ]
