// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/note_bar.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/session/engine_session.h"
#include "widgets/theme/theme.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

NoteBar::NoteBar(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session),
      m_label(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this)), m_edit(new QLineEdit(this)),
      m_add(new QPushButton(tr("Add note"), this)), m_cancel(new QPushButton(tr("Cancel"), this)),
      m_error(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this))
{
    setObjectName(QStringLiteral("noteBar"));
    m_edit->setObjectName(QStringLiteral("noteText"));
    m_edit->setAccessibleName(tr("Note"));
    m_edit->setPlaceholderText(tr("What is to be seen here?"));
    m_edit->setMaxLength(16384);
    m_add->setObjectName(QStringLiteral("addNoteButton"));
    m_error->setWordWrap(true);
    m_error->hide();
    makePrimary(m_add);
    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(0, space::kHalf, 0, 0);
    layout->setHorizontalSpacing(space::kOne);
    layout->setVerticalSpacing(2);
    layout->addWidget(m_label, 0, 0);
    layout->addWidget(m_edit, 0, 1);
    layout->addWidget(m_add, 0, 2);
    layout->addWidget(m_cancel, 0, 3);
    layout->addWidget(m_error, 1, 1, 1, 3);
    layout->setColumnStretch(1, 3);
    layout->setColumnStretch(0, 1);
    connect(m_edit, &QLineEdit::returnPressed, this, &NoteBar::add);
    connect(m_edit, &QLineEdit::textEdited, this, [this] { showError({}); });
    connect(m_add, &QPushButton::clicked, this, &NoteBar::add);
    connect(m_cancel, &QPushButton::clicked, this, &NoteBar::close);
    hide();
}

void NoteBar::begin(const QString &run, const QString &title, qint64 step)
{
    ++m_number;
    if (run != m_run) m_edit->clear(); // what was written was about the other one
    m_run = run;
    m_step = step;
    m_label->setFullText(tr("Note on “%1” at step %2").arg(title, integerText(step)));
    m_add->setEnabled(true);
    showError({});
    show();
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_edit->selectAll();
}

void NoteBar::setRun(const QString &run)
{
    if (run == m_run) return;
    ++m_number;
    hide(); // the focus stays where the other run was chosen
}

QVariantMap NoteBar::draft() const
{
    if (m_edit->text().trimmed().isEmpty()) return {};
    return {{u"run"_s, m_run}, {u"step"_s, m_step}, {u"text"_s, m_edit->text()}, {u"open"_s, !isHidden()}};
}

void NoteBar::restore(const QVariantMap &draft, const QString &title)
{
    const QString run = draft.value(u"run"_s).toString();
    if (run.isEmpty() || !draft.contains(u"text"_s)) return;
    if (draft.value(u"open"_s).toBool()) begin(run, title, draft.value(u"step"_s).toLongLong());
    m_run = run;
    m_step = draft.value(u"step"_s).toLongLong();
    m_edit->setText(draft.value(u"text"_s).toString());
}

QString NoteBar::error() const { return m_error->text(); }

void NoteBar::showError(const QString &text)
{
    m_error->setText(text);
    m_error->setVisible(!text.isEmpty());
}

void NoteBar::add()
{
    if (!m_add->isEnabled()) return; // it is being added
    const QString text = m_edit->text().trimmed();
    if (text.isEmpty()) {
        showError(tr("Cannot add a note: it is empty, expected some words. Write what is to be seen at this step."));
        return;
    }
    m_add->setEnabled(false);
    m_session.annotate(m_run, m_step, text, this, [this, run = m_run, number = m_number](Result<void> answer) {
        if (answer.ok()) Q_EMIT added(run);
        if (number != m_number) return;
        m_add->setEnabled(true);
        if (!answer.ok()) return showError(errorText(answer.error()));
        m_edit->clear();
        close();
    });
}

void NoteBar::close()
{
    ++m_number;
    hide();
    Q_EMIT closed();
}

void NoteBar::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) return close();
    QWidget::keyPressEvent(event);
}

} // namespace orrery::ui
