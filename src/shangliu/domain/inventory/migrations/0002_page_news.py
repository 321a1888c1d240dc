from django.db import migrations

# A page shows whether goods can be had: it must be made anew when that changes, and only then.
NEWS = """
CREATE FUNCTION inventory_page_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('shangliu_pages', product_id::text)
    FROM catalog_variant WHERE id = NEW.variant_id;
  RETURN NULL;
END $$;
CREATE TRIGGER page_news AFTER UPDATE ON inventory_stock FOR EACH ROW
  WHEN ((OLD.on_hand - OLD.held - OLD.committed - OLD.safety > 0)
    IS DISTINCT FROM (NEW.on_hand - NEW.held - NEW.committed - NEW.safety > 0))
  EXECUTE FUNCTION inventory_page_news();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial"), ("catalog", "0001_initial")]
    operations = [
        migrations.RunSQL(
            NEWS,
            "DROP TRIGGER page_news ON inventory_stock; DROP FUNCTION inventory_page_news();",
        )
    ]
