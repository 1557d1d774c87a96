"""All forms of registers by kind."""

from central.registers.carriers import CarrierForm
from central.registers.employers import EmployerForm
from central.registers.instruments import InstrumentForm
from central.registers.keeping import RegisterForm
from central.registers.medics import MedicForm
from central.registers.organisations import OrganisationForm
from central.registers.rooms import RoomForm
from central.registers.workers import WorkerForm

FORMS: dict[str, RegisterForm] = {
    form.kind: form
    for form in (
        WorkerForm(),
        EmployerForm(),
        MedicForm(),
        InstrumentForm(),
        RoomForm(),
        CarrierForm(),
        OrganisationForm(),
    )
}
