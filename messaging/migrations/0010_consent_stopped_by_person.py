from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_recipient_price")]

    operations = [
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                fields=["since"],
                name="consent_stopped_by_person",
                condition=models.Q(state="opted_out", is_by_person=True),
            ),
        ),
    ]
