//! The sample's words in both languages.

/// Everything people read in the sample.
pub(super) struct Text {
    pub language: &'static str,
    pub anna: (&'static str, &'static str),
    pub boris: (&'static str, &'static str),
    pub vera: (&'static str, &'static str),
    pub partners: &'static str,
    pub purchases: &'static str,
    pub f_name: &'static str,
    pub f_city: &'static str,
    pub f_subject: &'static str,
    pub f_amount: &'static str,
    pub f_status: &'static str,
    pub f_responsible: &'static str,
    pub f_needed_by: &'static str,
    pub f_partner: &'static str,
    pub f_urgent: &'static str,
    pub s_new: &'static str,
    pub s_approved: &'static str,
    pub s_refused: &'static str,
    pub partner_records: &'static [(&'static str, &'static str)],
    pub purchase_records: &'static [(&'static str, i64, &'static str)],
    pub process: &'static str,
    pub process_description: &'static str,
    diagram: &'static [(&'static str, &'static str)],
}

impl Text {
    /// The diagram with its labels.
    pub(super) fn fill(&self, source: &str) -> String {
        let named = source.replace("@NAME@", self.process);
        self.diagram.iter().fold(named, |text, (key, words)| text.replace(&format!("@{key}@"), words))
    }
}

/// The words of a language; English for every other.
pub(super) fn text(language: &str) -> Text {
    if language == "ru" { russian() } else { english() }
}

fn english() -> Text {
    Text {
        language: "en",
        anna: ("Anna", "Smith"),
        boris: ("Boris", "Brown"),
        vera: ("Vera", "Green"),
        partners: "Partners",
        purchases: "Purchases",
        f_name: "Name",
        f_city: "City",
        f_subject: "Subject",
        f_amount: "Amount",
        f_status: "Status",
        f_responsible: "Responsible",
        f_needed_by: "Needed by",
        f_partner: "Partner",
        f_urgent: "Urgent",
        s_new: "New",
        s_approved: "Approved",
        s_refused: "Refused",
        partner_records: &[("Northern Paper Ltd", "Oslo"), ("Bright Screens", "Riga")],
        purchase_records: &[
            ("Monitors for the support team", 84_000, "2027-01-15"),
            ("Paper for the office", 3_200, "2026-12-20"),
            ("Server for the archive", 310_000, "2027-03-01"),
        ],
        process: "Purchase approval",
        process_description: "Large purchases are decided by a person, small ones pass.",
        diagram: &[
            ("FORM_INTRO", "Please decide on this purchase."),
            ("F_SUBJECT", "Subject"),
            ("F_AMOUNT", "Amount"),
            ("F_REMARK", "Remark"),
            ("E_START", "Purchase requested"),
            ("E_LIMIT", "Compare with the limit"),
            ("E_LARGE", "Over 50 000?"),
            ("E_YES", "yes"),
            ("E_NO", "no"),
            ("E_APPROVE", "Approve the purchase"),
            ("E_DECIDED", "Approved?"),
            ("E_MARK_APPROVED", "Mark as approved"),
            ("E_MARK_REFUSED", "Mark as refused"),
            ("E_NOTIFY", "Tell the requester"),
            ("E_END", "Decided"),
            ("T_NOTIFY", "Decided: "),
        ],
    }
}

fn russian() -> Text {
    Text {
        language: "ru",
        anna: ("Анна", "Смирнова"),
        boris: ("Борис", "Кузнецов"),
        vera: ("Вера", "Зеленина"),
        partners: "Партнёры",
        purchases: "Закупки",
        f_name: "Название",
        f_city: "Город",
        f_subject: "Предмет",
        f_amount: "Сумма",
        f_status: "Состояние",
        f_responsible: "Ответственный",
        f_needed_by: "Нужно к",
        f_partner: "Партнёр",
        f_urgent: "Срочно",
        s_new: "Новая",
        s_approved: "Согласована",
        s_refused: "Отклонена",
        partner_records: &[("ООО «Северная бумага»", "Архангельск"), ("АО «Светлые экраны»", "Казань")],
        purchase_records: &[
            ("Мониторы для поддержки", 84_000, "2027-01-15"),
            ("Бумага для офиса", 3_200, "2026-12-20"),
            ("Сервер для архива", 310_000, "2027-03-01"),
        ],
        process: "Согласование закупки",
        process_description: "Крупные закупки решает человек, мелкие проходят сами.",
        diagram: &[
            ("FORM_INTRO", "Примите решение по этой закупке."),
            ("F_SUBJECT", "Предмет"),
            ("F_AMOUNT", "Сумма"),
            ("F_REMARK", "Замечание"),
            ("E_START", "Закупка запрошена"),
            ("E_LIMIT", "Сравнить с пределом"),
            ("E_LARGE", "Больше 50 000?"),
            ("E_YES", "да"),
            ("E_NO", "нет"),
            ("E_APPROVE", "Согласовать закупку"),
            ("E_DECIDED", "Согласовано?"),
            ("E_MARK_APPROVED", "Отметить согласованной"),
            ("E_MARK_REFUSED", "Отметить отклонённой"),
            ("E_NOTIFY", "Сообщить заказчику"),
            ("E_END", "Решено"),
            ("T_NOTIFY", "Решено: "),
        ],
    }
}
