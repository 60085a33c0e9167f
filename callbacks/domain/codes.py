"""The code lists of the service: what may be stored, and the words in which a page shows it.

Codes never change their meaning; labels may be reworded. Hints towards NDTMS, ICD and CQC lists are kept out of here on
purpose: an unstructured helpline does not report to NDTMS and must not diagnose.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from foundation.language import mark


class Coded(StrEnum):
    """A code with the words that people read."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:  # the default is for looking a member up by its code
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class Relationship(Coded):
    """Who the call is about, seen from the person who asks for it."""

    SELF = "self", "Me"
    PARTNER = "partner", "My partner"
    EX_PARTNER = "ex_partner", "My ex-partner"
    PARENT = "parent", "My parent"
    CHILD = "child", "My child"
    BROTHER_OR_SISTER = "brother_or_sister", "My brother or sister"
    OTHER_RELATIVE = "other_relative", "Another relative"
    FRIEND = "friend", "A friend"
    COLLEAGUE_OR_EMPLOYER = "colleague_or_employer", "Someone I work with"
    PROFESSIONAL = "professional", "Someone I support in my job"
    NEIGHBOUR_OR_OTHER = "neighbour_or_other", "Someone else"
    PREFER_NOT_TO_SAY = "prefer_not_to_say", "I would rather not say"


class Substance(Coded):
    """What a person uses or does."""

    ALCOHOL = "alcohol", mark("Alcohol")
    HEROIN = "heroin", mark("Heroin")
    METHADONE = "methadone", mark("Methadone")
    OPIOID_OTHER = "opioid_other", mark("Other opioids, like codeine, tramadol, oxycodone or fentanyl")
    NITAZENE_SUSPECTED = "nitazene_suspected", mark("Something that may have had nitazenes or other things in it")
    CRACK = "crack", mark("Crack cocaine")
    COCAINE = "cocaine", mark("Cocaine powder")
    AMPHETAMINE = "amphetamine", mark("Amphetamine (speed)")
    METHAMPHETAMINE = "methamphetamine", mark("Methamphetamine (crystal meth)")
    MDMA = "mdma", mark("MDMA (ecstasy)")
    CATHINONE = "cathinone", mark("Mephedrone or similar")
    CANNABIS = "cannabis", mark("Cannabis")
    SYNTHETIC_CANNABINOID = "synthetic_cannabinoid", mark("Synthetic cannabinoids (spice)")
    KETAMINE = "ketamine", mark("Ketamine")
    BENZODIAZEPINE = "benzodiazepine", mark("Benzodiazepines, like diazepam or street Xanax")
    Z_DRUG = "z_drug", mark("Sleeping tablets (zopiclone, zolpidem)")
    GABAPENTINOID = "gabapentinoid", mark("Pregabalin or gabapentin")
    BARBITURATE = "barbiturate", mark("Barbiturates")
    GHB_GBL = "ghb_gbl", mark("GHB or GBL")
    LSD_MUSHROOMS = "lsd_mushrooms", mark("LSD or magic mushrooms")
    NITROUS_OXIDE = "nitrous_oxide", mark("Nitrous oxide")
    SOLVENTS = "solvents", mark("Glue, gas or aerosols")
    NICOTINE = "nicotine", mark("Tobacco or vapes")
    PRESCRIBED_OTHER = "prescribed_other", mark("Other prescribed medicine")
    OTC = "otc", mark("Medicine bought without a prescription")
    ANABOLIC = "anabolic", mark("Steroids or other image-enhancing drugs")
    GAMBLING = "gambling", mark("Gambling")
    GAMING = "gaming", mark("Gaming")
    OTHER = "other", mark("Something else")
    SEVERAL = "several", mark("More than one thing")
    NOT_SURE = "not_sure", mark("Not sure")
    PREFER_NOT_SAY = "prefer_not_say", mark("I would rather not say")


DANGEROUS_TO_STOP = frozenset(
    {
        Substance.ALCOHOL,
        Substance.BENZODIAZEPINE,
        Substance.Z_DRUG,
        Substance.GABAPENTINOID,
        Substance.BARBITURATE,
        Substance.GHB_GBL,
    }
)
"""To stop one of these suddenly can cause fits and can kill (NICE CG100 for alcohol; the others by the same course)."""

OPIOIDS = frozenset({Substance.HEROIN, Substance.METHADONE, Substance.OPIOID_OTHER, Substance.NITAZENE_SUSPECTED})
"""Tolerance to these falls within days: the first dose after a break is the one that kills."""


class Flag(Coded):
    """A fact that triage asks about. Staff see who said it and when; it is never turned into a score."""

    IMMEDIATE_DANGER = "immediate_danger", "In danger right now"
    OVERDOSE_NOW = "overdose_now", "Overdose happening now"
    SELF_HARM_IN_PROGRESS = "self_harm_in_progress", "Hurting themselves now"
    SUICIDAL_THOUGHTS = "suicidal_thoughts", "Thoughts of suicide"
    PAST_OVERDOSE = "past_overdose", "Has overdosed before"
    RECENT_PRISON_OR_DETOX_EXIT = "recent_prison_or_detox_exit", "Left prison, hospital or detox lately"
    STOPPED_SUDDENLY = "stopped_suddenly", "Stopped suddenly"
    WITHDRAWAL_RED_FLAG = "withdrawal_red_flag", "Dangerous signs of withdrawal"
    BLADDER_RED_FLAG = "bladder_red_flag", "Bladder problems"
    INJECTING = "injecting", "Injects"
    INFECTION_SIGNS = "infection_signs", "Signs of infection in skin, arm or leg"
    PREGNANT = "pregnant", "Pregnant"
    UNDER_18 = "under_18", "Under 18"
    CHILD_IN_HOUSEHOLD = "child_in_household", "A child lives in the home"
    CHILD_AT_RISK = "child_at_risk", "A child may be at risk"
    ADULT_AT_RISK = "adult_at_risk", "An adult may be at risk"
    UNSAFE_AT_HOME = "unsafe_at_home", "Not safe at home"
    THREAT_TO_OTHERS = "threat_to_others", "May hurt somebody else"
    NO_FIXED_ADDRESS = "no_fixed_address", "No settled place to live"
    ALONE_NO_SUPPORT = "alone_no_support", "Alone, with nobody to turn to"
    CAPACITY_CONCERN = "capacity_concern", "May not be able to decide for themselves"
    STAFF_SAFETY = "staff_safety", "A note about the safety of staff"
    HOAX_HISTORY = "hoax_history", "Earlier calls from this number were not genuine"


STAFF_FLAGS = frozenset({Flag.CAPACITY_CONCERN, Flag.STAFF_SAFETY, Flag.HOAX_HISTORY})
"""Set by staff only: nobody is asked these about themselves."""


class WithdrawalSign(Coded):
    """A sign of withdrawal that needs an ambulance; the answers to `withdrawal_red_flag`."""

    FIT = "fit", mark("A fit or seizure")
    HALLUCINATION = "hallucination", mark("Seeing or hearing things that are not there")
    CONFUSION = "confusion", mark("Confused, or not knowing where you are")
    CHEST_PAIN = "chest_pain", mark("Chest pain")
    TROUBLE_BREATHING = "trouble_breathing", mark("Trouble breathing")
    SICK_MANY_TIMES = "sick_many_times", mark("Being sick many times")
    HIGH_TEMPERATURE = "high_temperature", mark("A very high temperature")
    PASSING_OUT = "passing_out", mark("Passing out")


class BladderSign(Coded):
    """A bladder problem, common with ketamine; the answers to `bladder_red_flag`."""

    OFTEN = "often", mark("Needing to pee often")
    RUSH = "rush", mark("Needing to rush to pee")
    PAIN = "pain", mark("Pain when you pee")
    LOW_TUMMY_PAIN = "low_tummy_pain", mark("Pain low in your tummy")
    BLOOD = "blood", mark("Blood in your pee")
    AT_NIGHT = "at_night", mark("Waking at night to pee")
    LEAKING = "leaking", mark("Leaking pee")
    CANNOT_PEE = "cannot_pee", mark("You cannot pee")
    CLOTS = "clots", mark("Blood clots in your pee")
    FEVER_BACK_PAIN = "fever_back_pain", mark("A fever with pain in your back or side")
    SEVERE_TUMMY_PAIN = "severe_tummy_pain", mark("Very bad tummy pain")
    YELLOW = "yellow", mark("Yellow skin or eyes")


BLADDER_EMERGENCIES = frozenset(
    {
        BladderSign.CANNOT_PEE,
        BladderSign.CLOTS,
        BladderSign.FEVER_BACK_PAIN,
        BladderSign.SEVERE_TUMMY_PAIN,
        BladderSign.YELLOW,
    }
)
"""The bladder signs that need a doctor today."""


class ContactOutcome(Coded):
    """What became of one ring, as a counsellor or the telephone network reports it."""

    ANSWERED_RIGHT_PERSON = "answered_right_person", "Spoke to the person"
    ANSWERED_NOT_SAFE = "answered_not_safe", "Reached them, but it was not safe to talk"
    ANSWERED_OTHER_PERSON = "answered_other_person", "Someone else answered"
    VERIFICATION_FAILED = "verification_failed", "Someone answered, but we could not be sure it was them"
    NO_ANSWER = "no_answer", "No answer"
    VOICEMAIL_LEFT = "voicemail_left", "Left a voicemail, as they allowed"
    VOICEMAIL_REACHED_NONE_LEFT = "voicemail_reached_none_left", "Reached voicemail and left no message"
    ENGAGED = "engaged", "Line busy"
    WITHHELD_BLOCKED = "withheld_blocked", "Their phone blocks withheld numbers"
    NUMBER_INVALID = "number_invalid", "The number does not work"
    NUMBER_WRONG = "number_wrong", "The number belongs to a stranger"
    CALL_DROPPED = "call_dropped", "The call was cut off, or they hung up"
    EMERGENCY_TRANSFERRED = "emergency_transferred", "Handed over to 999 or emergency help"
    ABUSIVE_OR_HOAX = "abusive_or_hoax", "Abusive or not genuine"
    TECHNICAL_FAILURE = "technical_failure", "Our phone line or system failed"
    COUNSELLOR_UNAVAILABLE = "counsellor_unavailable", "We missed the time ourselves"


REACHED = frozenset(
    {
        ContactOutcome.ANSWERED_RIGHT_PERSON,
        ContactOutcome.ANSWERED_NOT_SAFE,
        ContactOutcome.CALL_DROPPED,
        ContactOutcome.EMERGENCY_TRANSFERRED,
        ContactOutcome.ABUSIVE_OR_HOAX,
    }
)
"""We got through to whoever asked for the call."""

TALKED = frozenset(
    {ContactOutcome.ANSWERED_RIGHT_PERSON, ContactOutcome.EMERGENCY_TRANSFERRED, ContactOutcome.ABUSIVE_OR_HOAX}
)
"""After one of these the person has had their call: nobody tells them that they will be rung."""

ENDS_CASE = frozenset({ContactOutcome.NUMBER_INVALID, ContactOutcome.NUMBER_WRONG, ContactOutcome.ABUSIVE_OR_HOAX})
"""No further ring may follow."""

USES_NO_ATTEMPT = frozenset({ContactOutcome.TECHNICAL_FAILURE, ContactOutcome.COUNSELLOR_UNAVAILABLE})
"""Our own failures never count towards the rings that are allowed."""

REVIEWED = frozenset(
    {
        ContactOutcome.WITHHELD_BLOCKED,
        ContactOutcome.NUMBER_INVALID,
        ContactOutcome.NUMBER_WRONG,
        ContactOutcome.EMERGENCY_TRANSFERRED,
        ContactOutcome.ABUSIVE_OR_HOAX,
        ContactOutcome.COUNSELLOR_UNAVAILABLE,
    }
)
"""A supervisor looks at the request afterwards."""

WAITS_FOR_NEXT_WINDOW = frozenset({ContactOutcome.ANSWERED_NOT_SAFE, ContactOutcome.ANSWERED_OTHER_PERSON})
"""The present window has shown itself unsafe: try again in the next one, not sooner."""


class CaseOutcome(Coded):
    """What came of the request as a whole, recorded by the counsellor."""

    INFO_GIVEN = "info_given", "Listened and gave information"
    BRIEF_ADVICE = "brief_advice", "Gave brief advice, or advice on using more safely"
    SIGNPOSTED = "signposted", "Told them about a service they will contact"
    REFERRED_CONSENT = "referred_consent", "Referred them, with their consent"
    REFERRED_PENDING = "referred_pending", "Offered a referral: they are deciding"
    REFERRAL_DECLINED = "referral_declined", "Offered a referral: they said no"
    NO_SUITABLE_SERVICE = "no_suitable_service", "Found no service that fits"
    ALREADY_IN_TREATMENT = "already_in_treatment", "Already supported elsewhere: encouraged to carry on"
    CALLBACK_BOOKED = "callback_booked", "Booked another call"
    CRISIS_HANDOVER = "crisis_handover", "Handed over to emergency or crisis help"
    SAFEGUARDING_RAISED = "safeguarding_raised", "Raised a safeguarding concern"
    FAMILY_SUPPORT_GIVEN = "family_support_given", "Supported a relative or friend"
    NOT_REACHED = "not_reached", "Not reached after the agreed attempts"
    DECLINED_SERVICE = "declined_service", "They no longer want the call"
    UNSAFE_CLOSED = "unsafe_closed", "Closed because contact is not safe"
    DUPLICATE = "duplicate", "Joined with another request"
    OUT_OF_SCOPE = "out_of_scope", "Not something we can help with"
    WRONG_NUMBER = "wrong_number", "Wrong number"
    SPAM = "spam", "Spam or not genuine"


class UnmetNeed(Coded):
    """Why no service fitted."""

    NO_SERVICE_IN_AREA = "no_service_in_area", "No such service in the area"
    WAITING_LIST_TOO_LONG = "waiting_list_too_long", "The waiting list is too long"
    COST = "cost", "It costs too much"
    AGE_CRITERIA = "age_criteria", "Outside the ages they take"
    NEEDS_NOT_MET_BY_SERVICE = "needs_not_met_by_service", "The service does not meet the need"
    LANGUAGE_OR_ACCESS_NEED = "language_or_access_need", "Language or access"
    SERVICE_FULL = "service_full", "The service is full"
    PERSON_INELIGIBLE_OTHER = "person_ineligible_other", "Not eligible for another reason"
    SERVICE_DID_NOT_RESPOND = "service_did_not_respond", "The service did not answer"


class ReferralType(Coded):
    """The kind of help a person is referred to."""

    DETOX_INPATIENT = "detox_inpatient", "Inpatient detox"
    DETOX_OUTPATIENT = "detox_outpatient", "Outpatient or community detox"
    REHAB_RESIDENTIAL = "rehab_residential", "Residential rehab"
    REHAB_DAY = "rehab_day", "Outpatient or day rehab"
    MAT = "mat", "Medicine-assisted treatment"
    THERAPY_INDIVIDUAL = "therapy_individual", "One-to-one therapy"
    THERAPY_GROUP = "therapy_group", "Group therapy"
    MUTUAL_AID_12STEP = "mutual_aid_12step", "12-step support group"
    MUTUAL_AID_SMART = "mutual_aid_smart", "SMART or other support group"
    FAMILY_SUPPORT = "family_support", "Family and friends support"
    RECOVERY_HOUSING = "recovery_housing", "Recovery housing"
    GP = "gp", "GP"
    PHARMACY_NX = "pharmacy_nx", "Needle exchange or pharmacy"
    NALOXONE = "naloxone", "Naloxone supply"
    UROLOGY = "urology", "Bladder care (urology)"
    MH_CRISIS = "mh_crisis", "Mental health crisis: 111, mental health option"
    MH_TALKING = "mh_talking", "NHS talking therapies or community mental health"
    YOUNG_PEOPLE = "young_people", "Drug and alcohol service for under-18s"
    DOMESTIC_ABUSE = "domestic_abuse", "Domestic abuse service"
    SOCIAL_CARE = "social_care", "Adult or children's social care"
    EMERGENCY = "emergency", "999 or A&E"


class ReferralStatus(Coded):
    """Where a referral stands."""

    DRAFT = "draft", "Being prepared"
    CONSENTED = "consented", "Consent recorded"
    SENT = "sent", "Sent to the service"
    ACKNOWLEDGED = "acknowledged", "The service has it"
    ACCEPTED = "accepted", "The service said yes"
    WAITLISTED = "waitlisted", "On a waiting list"
    STARTED = "started", "They started"
    NOT_ATTENDED = "not_attended", "They did not attend"
    REJECTED = "rejected", "The service said no"
    WITHDRAWN = "withdrawn", "They withdrew consent"
    LAPSED = "lapsed", "No answer: closed"


class UrgencyReason(Coded):
    """Why a person changed the urgency that the rules gave; a list, so that nothing personal is written down."""

    NEW_FACTS = "new_facts", "We have learned something new"
    SPOKE_TO_THEM = "spoke_to_them", "Somebody has spoken to them"
    ANSWERED_BY_MISTAKE = "answered_by_mistake", "A question was answered by mistake"
    OTHER_HELP = "other_help", "Other help is with them"


class BlockReason(Coded):
    """Why a number is not rung or texted any more, whoever asks; a list, so that nothing personal is written down."""

    OWNER_ASKED = "owner_asked", "Whoever has the number asked us not to ring it"
    PESTERED = "pestered", "Somebody has calls made to it to pester its owner"
    ABUSIVE = "abusive", "Whoever answers is abusive"
    OTHER = "other", "Another reason, which the supervisors know"


class HoldReason(Coded):
    """Why a request is kept although it is old or its visitor wants it erased; a list, so that it tells nothing."""

    COMPLAINT = "complaint", "A complaint, or a claim"
    SAFEGUARDING = "safeguarding", "Safeguarding"
    COURT = "court", "A court or the police"
    OTHER = "other", "Another duty, which the supervisors know"


class BlockedFor(Coded):
    """How long a number is blocked."""

    A_DAY = "a_day", "24 hours"
    A_MONTH = "a_month", "30 days"
    FOR_GOOD = "for_good", "Until somebody lifts it"


class PhoneOwner(Coded):
    """Whose telephone we would ring."""

    MINE = "mine", "It is mine"
    SHARED = "shared", "I share it"
    SOMEONE_ELSE = "belongs_to_someone_else", "It belongs to someone else"
    WORK = "work", "It is a work phone"


class AccessNeed(Coded):
    """What makes a call or its paperwork possible for a person."""

    LARGE_PRINT = "large_print", "Large print"
    EASY_READ = "easy_read", "Easy read"
    INTERPRETER = "interpreter", "An interpreter"
    BSL = "bsl", "British Sign Language"
    RELAY_UK_18001 = "relay_uk_18001", "Relay UK (18001)"
    TEXT_ONLY = "text_only", "Texts only"
    QUIET_SLOW_CALL = "quiet_slow_call", "A quiet, slow call"
    BREAKS = "breaks", "Breaks during the call"
    NO_SPECIFIC_NEED = "no_specific_need", "Nothing in particular"
