"""The addresses of the control room, below `/staff/`."""

from __future__ import annotations

from django.urls import path

from shangliu.web.backoffice import (
    acting,
    customers,
    definition,
    map,  # noqa: A004
    orders,
    outbox,
    people,
    policies,
    queues,
    stock,
    stock_acts,
    warehouse,
)

urlpatterns = [
    path("", map.sheet, name="staff_home"),
    path("map/", map.sheet, name="staff_overview"),
    path("map/figures.json", map.figures_json, name="staff_figures"),
    path("map/panel/", map.panel, name="staff_panel"),
    path("map/<slug:code>/", map.sheet, name="staff_map"),
    path("orders/", orders.order_list, name="staff_orders"),
    path("orders/<slug:number>/", orders.order, name="staff_order"),
    path("customers/", customers.customers, name="staff_customers"),
    path("customers/<int:pk>/", customers.customer, name="staff_customer"),
    path("customers/<int:pk>/give/", customers.give, name="staff_give"),
    path("search/", orders.search, name="staff_search"),
    path("queue/<slug:code>/", queues.queue, name="staff_queue"),
    path("steps/", acting.take, name="staff_step"),
    path("steps/many/", acting.take_many, name="staff_steps"),
    path("reveal/<slug:number>/", acting.reveal, name="staff_reveal"),
    path("warehouse/", warehouse.tasks, name="staff_warehouse"),
    path("warehouse/wave/", warehouse.wave, name="staff_wave"),
    path("warehouse/wave/<str:wave>/list.pdf", warehouse.picking_list, name="staff_picking_list"),
    path("warehouse/tasks/<slug:number>/", warehouse.task, name="staff_task"),
    path("warehouse/tasks/<slug:number>/scan/", warehouse.scan, name="staff_task_scan"),
    path("warehouse/labels.pdf", warehouse.labels, name="staff_labels"),
    path("warehouse/labels/<slug:reference>.pdf", warehouse.label, name="staff_label"),
    path("outbox/", outbox.letters, name="staff_outbox"),
    path("outbox/again/", outbox.redrive, name="staff_redrive"),
    path("policies/", policies.policies, name="staff_policies"),
    path("policies/<str:key>/", policies.change, name="staff_policy"),
    path("people/", people.people, name="staff_people"),
    path("people/new/", people.create, name="staff_person_new"),
    path("people/<str:login>/", people.change, name="staff_person"),
    path("definition/", definition.definition, name="staff_definition"),
    path("definition/export/<slug:form>", definition.export, name="staff_export"),
    path("stock/", stock.stock, name="staff_stock"),
    path("stock/inbound/", stock_acts.on_the_way, name="staff_inbound"),
    path("stock/inbound/new/", stock_acts.announce, name="staff_announce"),
    path("stock/inbound/<slug:number>/", stock_acts.arrive, name="staff_arrive"),
    path("stock/<int:pk>/", stock.ledger, name="staff_ledger"),
    path("stock/<int:pk>/<slug:code>/", stock_acts.do, name="staff_stock_do"),
]
