from django.db import migrations

# What a kept page shows has changed. How often something was sold is not worth a new page.
NEWS = """
CREATE FUNCTION catalog_product_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('shangliu_pages', NEW.id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER page_news AFTER UPDATE ON catalog_product FOR EACH ROW
  WHEN ((OLD.name, OLD.slug, OLD.tagline, OLD.category_id, OLD.description, OLD.price_fen,
      OLD.list_price_fen, OLD.on_shelf, OLD.picture)
    IS DISTINCT FROM (NEW.name, NEW.slug, NEW.tagline, NEW.category_id, NEW.description,
      NEW.price_fen, NEW.list_price_fen, NEW.on_shelf, NEW.picture))
  EXECUTE FUNCTION catalog_product_news();

CREATE FUNCTION catalog_variant_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('shangliu_pages', coalesce(NEW.product_id, OLD.product_id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER page_news AFTER INSERT OR UPDATE OR DELETE ON catalog_variant
  FOR EACH ROW EXECUTE FUNCTION catalog_variant_news();

CREATE FUNCTION catalog_news() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('shangliu_pages', '*');
  RETURN NULL;
END $$;
CREATE TRIGGER page_news AFTER INSERT OR UPDATE OR DELETE ON catalog_category
  FOR EACH STATEMENT EXECUTE FUNCTION catalog_news();
CREATE TRIGGER page_news_all AFTER INSERT OR DELETE ON catalog_product
  FOR EACH STATEMENT EXECUTE FUNCTION catalog_news();
CREATE TRIGGER page_news_shelf AFTER UPDATE ON catalog_product FOR EACH ROW
  WHEN ((OLD.on_shelf, OLD.category_id) IS DISTINCT FROM (NEW.on_shelf, NEW.category_id))
  EXECUTE FUNCTION catalog_news();
"""

BACK = """
DROP TRIGGER page_news_shelf ON catalog_product;
DROP TRIGGER page_news_all ON catalog_product;
DROP TRIGGER page_news ON catalog_category;
DROP TRIGGER page_news ON catalog_variant;
DROP TRIGGER page_news ON catalog_product;
DROP FUNCTION catalog_news();
DROP FUNCTION catalog_variant_news();
DROP FUNCTION catalog_product_news();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunSQL(NEWS, BACK)]
