"""What the shop offers: categories, products, their options, variants and facts.

Prices are integer fen. A product's own price is its lowest active variant's, kept by the services
so that lists need no join. `source` and `source_id` name the row of the catalogue it came from.
`limit_per_buyer` is how many pieces one buyer may have in live orders: of a variant, and of all
variants of a product together.
"""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shangliu.platform import clock

DEFAULT_WEIGHT_G = 500


class Category(models.Model):
    parent = models.ForeignKey(
        "self",
        verbose_name=_("上级分类"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    name = models.CharField(_("名称"), max_length=40)
    slug = models.SlugField(_("网址名"), max_length=60, unique=True, allow_unicode=True)
    position = models.IntegerField(_("排序"), default=0)
    source = models.CharField(_("来源"), max_length=40, blank=True, default="")
    source_id = models.CharField(_("来源编号"), max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("分类")
        verbose_name_plural = _("分类")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "source_id"),
                condition=~models.Q(source=""),
                name="category_once_per_source",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    name = models.CharField(_("名称"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("品牌")
        verbose_name_plural = _("品牌")

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    code = models.CharField(_("商品编码"), max_length=64, unique=True)
    slug = models.SlugField(_("网址名"), max_length=80, unique=True, allow_unicode=True)
    name = models.CharField(_("名称"), max_length=120)
    tagline = models.CharField(_("卖点"), max_length=120, blank=True, default="")
    category = models.ForeignKey(
        Category, verbose_name=_("分类"), on_delete=models.PROTECT, related_name="products"
    )
    brand = models.ForeignKey(
        Brand,
        verbose_name=_("品牌"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
    )
    keywords = models.CharField(_("关键词"), max_length=200, blank=True, default="")
    unit = models.CharField(_("单位"), max_length=10, blank=True, default="")
    description = models.TextField(_("详情"), blank=True, default="")
    list_price_fen = models.BigIntegerField(_("划线价（分）"), null=True, blank=True)
    price_fen = models.BigIntegerField(_("最低售价（分）"))
    on_shelf = models.BooleanField(_("上架"), default=True)
    picture = models.CharField(_("图片"), max_length=120, blank=True, default="")
    sold_count = models.IntegerField(_("已售"), default=0)
    limit_per_buyer = models.PositiveIntegerField(_("每人限购"), null=True, blank=True)
    weight_g = models.IntegerField(_("默认重量（克）"), default=DEFAULT_WEIGHT_G)
    position = models.IntegerField(_("排序"), default=0)
    created_at = models.DateTimeField(_("创建时间"), default=clock.now)
    source = models.CharField(_("来源"), max_length=40, blank=True, default="")
    source_id = models.CharField(_("来源编号"), max_length=64, blank=True, default="")
    words = SearchVectorField(_("检索词"), null=True, editable=False)

    class Meta:
        verbose_name = _("商品")
        verbose_name_plural = _("商品")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "source_id"),
                condition=~models.Q(source=""),
                name="product_once_per_source",
            ),
            models.CheckConstraint(
                condition=models.Q(price_fen__gt=0), name="product_price_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(list_price_fen__isnull=True) | models.Q(list_price_fen__gt=0),
                name="product_list_price_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(weight_g__gte=0), name="product_weight_not_negative"
            ),
        )
        indexes = (
            models.Index(fields=("category", "on_shelf", "position", "id"), name="product_shelf"),
            models.Index(
                fields=("category", "on_shelf", "-sold_count", "id"), name="product_most_sold"
            ),
            models.Index(fields=("category", "on_shelf", "price_fen", "id"), name="product_price"),
            GinIndex(fields=("words",), name="product_words"),
        )

    def __str__(self) -> str:
        return self.name


class ProductOption(models.Model):
    product = models.ForeignKey(
        Product, verbose_name=_("商品"), on_delete=models.CASCADE, related_name="options"
    )
    name = models.CharField(_("选项"), max_length=30)
    position = models.IntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("商品选项")
        verbose_name_plural = _("商品选项")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=("product", "name"), name="option_once_per_product"),
        )

    def __str__(self) -> str:
        return self.name


class OptionValue(models.Model):
    option = models.ForeignKey(
        ProductOption, verbose_name=_("选项"), on_delete=models.CASCADE, related_name="values"
    )
    value = models.CharField(_("取值"), max_length=60)
    position = models.IntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("选项取值")
        verbose_name_plural = _("选项取值")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(fields=("option", "value"), name="value_once_per_option"),
        )

    def __str__(self) -> str:
        return self.value


class Variant(models.Model):
    """One thing that can be bought. `values` is `[["颜色", "米白"], ...]` in the options' order."""

    product = models.ForeignKey(
        Product, verbose_name=_("商品"), on_delete=models.CASCADE, related_name="variants"
    )
    sku = models.CharField(_("SKU"), max_length=80, unique=True)
    values = models.JSONField(_("规格"), default=list)
    price_fen = models.BigIntegerField(_("售价（分）"))
    list_price_fen = models.BigIntegerField(_("划线价（分）"), null=True, blank=True)
    weight_g = models.IntegerField(_("重量（克）"), default=DEFAULT_WEIGHT_G)
    position = models.IntegerField(_("排序"), default=0)
    active = models.BooleanField(_("可售"), default=True)
    limit_per_buyer = models.PositiveIntegerField(_("每人限购"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=40, blank=True, default="")
    source_id = models.CharField(_("来源编号"), max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("规格商品")
        verbose_name_plural = _("规格商品")
        ordering = ("position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("source", "source_id"),
                condition=~models.Q(source=""),
                name="variant_once_per_source",
            ),
            models.CheckConstraint(
                condition=models.Q(price_fen__gt=0), name="variant_price_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(list_price_fen__isnull=True) | models.Q(list_price_fen__gt=0),
                name="variant_list_price_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(weight_g__gte=0), name="variant_weight_not_negative"
            ),
        )
        indexes = (models.Index(fields=("product", "position", "id"), name="variant_of_product"),)

    def __str__(self) -> str:
        return self.sku


class ProductAttribute(models.Model):
    product = models.ForeignKey(
        Product, verbose_name=_("商品"), on_delete=models.CASCADE, related_name="attributes"
    )
    name = models.CharField(_("属性"), max_length=40)
    value = models.TextField(_("取值"))
    position = models.IntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("商品属性")
        verbose_name_plural = _("商品属性")
        ordering = ("position", "id")
        indexes = (models.Index(fields=("name", "product"), name="attribute_by_name"),)

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
