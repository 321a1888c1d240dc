from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_visit"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="hold_reason_en",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=200,
                verbose_name="挂起原因（英文）",
            ),
        ),
    ]
