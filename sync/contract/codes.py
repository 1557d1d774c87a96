"""Codes of the field for each quantity: ISO/IEEE 11073-10101 (MDC), LOINC, UCUM.

No MDC or LOINC code is known for a mass concentration of ethanol in exhaled air, so breath alcohol carries a local code;
codes for blood must never be used for a breath reading.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuantityCode:
    """One quantity: short kind for reports, UCUM unit, MDC code (partition 2, 32 bit) and LOINC where they exist."""

    kind: str
    unit: str
    mdc: int | None = None
    mdc_reference: str | None = None
    loinc: str | None = None


QUANTITIES: dict[str, QuantityCode] = {
    "systolic_mmhg": QuantityCode("systolic", "mm[Hg]", 150021, "MDC_PRESS_BLD_NONINV_SYS", "8480-6"),
    "diastolic_mmhg": QuantityCode("diastolic", "mm[Hg]", 150022, "MDC_PRESS_BLD_NONINV_DIA", "8462-4"),
    "mean_mmhg": QuantityCode("mean", "mm[Hg]", 150023, "MDC_PRESS_BLD_NONINV_MEAN", "8478-0"),
    "pulse_bpm": QuantityCode("pulse", "/min", 149546, "MDC_PULS_RATE_NON_INV", "8867-4"),
    "spo2_percent": QuantityCode("spo2", "%", 150456, "MDC_PULS_OXIM_SAT_O2", "59408-5"),
    "perfusion_index_percent": QuantityCode("perfusion_index", "%"),
    "temperature_celsius": QuantityCode("temperature", "Cel", 150364, "MDC_TEMP_BODY", "8310-5"),
    "breath_alcohol_mg_per_l": QuantityCode("breath_alcohol", "mg/L"),
    "breath_alcohol_raw": QuantityCode("breath_alcohol_raw", ""),
    "breath_test": QuantityCode("breath_test", "", loinc="104133-4"),
    "movement_count": QuantityCode("movement_count", "1"),
}
