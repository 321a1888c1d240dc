from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("platform", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE platform_number INCREMENT BY 50 START 50",
            "DROP SEQUENCE platform_number",
        )
    ]
