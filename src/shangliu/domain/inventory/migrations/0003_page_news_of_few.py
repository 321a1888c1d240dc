from django.db import migrations

# A page says how many are left where there are few, so it is made anew while the last ten go.
NEWS = """
DROP TRIGGER page_news ON inventory_stock;
CREATE TRIGGER page_news AFTER UPDATE ON inventory_stock FOR EACH ROW
  WHEN (least(greatest(OLD.on_hand - OLD.held - OLD.committed - OLD.safety, 0), 11)
    <> least(greatest(NEW.on_hand - NEW.held - NEW.committed - NEW.safety, 0), 11))
  EXECUTE FUNCTION inventory_page_news();
"""
BACK = """
DROP TRIGGER page_news ON inventory_stock;
CREATE TRIGGER page_news AFTER UPDATE ON inventory_stock FOR EACH ROW
  WHEN ((OLD.on_hand - OLD.held - OLD.committed - OLD.safety > 0)
    IS DISTINCT FROM (NEW.on_hand - NEW.held - NEW.committed - NEW.safety > 0))
  EXECUTE FUNCTION inventory_page_news();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_page_news")]
    operations = [migrations.RunSQL(NEWS, BACK)]
