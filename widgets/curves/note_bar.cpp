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
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

NoteBar::NoteBar(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_edits(new NoteEdits(session, this)),
      m_label(new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this)), m_edit(new QLineEdit(this)),
      m_near(new QToolButton(this)), m_menu(new QMenu(this)), m_add(new QPushButton(tr("Add note"), this)),
      m_remove(new QPushButton(tr("Remove"), this)), m_cancel(new QPushButton(tr("Cancel"), this)),
      m_error(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this))
{
    setObjectName(QStringLiteral("noteBar"));
    m_edit->setObjectName(QStringLiteral("noteText"));
    m_edit->setAccessibleName(tr("Note"));
    m_edit->setPlaceholderText(tr("What is to be seen here?"));
    m_edit->setMaxLength(16384);
    m_near->setObjectName(QStringLiteral("notesNearButton"));
    m_near->setText(tr("Notes here"));
    m_near->setAccessibleName(tr("Edit or remove a note that stands here"));
    m_near->setToolTip(m_near->accessibleName());
    m_near->setPopupMode(QToolButton::InstantPopup);
    m_near->setProperty("toggle", true); // with an edge, as a button beside a field
    m_near->setMenu(m_menu);
    m_menu->setObjectName(QStringLiteral("notesNearMenu"));
    m_add->setObjectName(QStringLiteral("addNoteButton"));
    m_remove->setObjectName(QStringLiteral("removeNoteButton"));
    m_remove->setToolTip(tr("Takes the note away; Undo brings it back"));
    // The label gives way, not the question: its step stands first.
    constexpr int kFieldEdges = 32; // padding and border of a field, both sides
    m_edit->ensurePolished();
    m_edit->setMinimumWidth(m_edit->fontMetrics().horizontalAdvance(m_edit->placeholderText()) + kFieldEdges);
    m_error->setWordWrap(true);
    m_error->hide();
    makePrimary(m_add);
    auto *layout = new QGridLayout(this);
    layout->setContentsMargins(0, space::kHalf, 0, 0);
    layout->setHorizontalSpacing(space::kOne);
    layout->setVerticalSpacing(2);
    layout->addWidget(m_label, 0, 0);
    layout->addWidget(m_edit, 0, 1);
    layout->addWidget(m_near, 0, 2);
    layout->addWidget(m_add, 0, 3);
    layout->addWidget(m_remove, 0, 4);
    layout->addWidget(m_cancel, 0, 5);
    layout->addWidget(m_error, 1, 1, 1, 5);
    layout->setColumnStretch(1, 1); // the label has what it needs
    connect(m_edit, &QLineEdit::returnPressed, this, &NoteBar::add);
    connect(m_edit, &QLineEdit::textEdited, this, [this] { showError({}); });
    connect(m_add, &QPushButton::clicked, this, &NoteBar::add);
    connect(m_remove, &QPushButton::clicked, this, &NoteBar::remove);
    connect(m_cancel, &QPushButton::clicked, this, &NoteBar::close);
    hide();
}

void NoteBar::begin(const QString &run, const QString &title, qint64 step, const std::vector<NoteEdits::Note> &near)
{
    // What was written was about the other one, or stands there already.
    if (run != m_run || m_corrected.id > 0) m_edit->clear();
    m_corrected = {};
    m_step = step;
    fillMenu(near, title);
    show(run, tr("Note at step %1 of “%2”").arg(integerText(step), title));
}

void NoteBar::beginCorrection(const NoteEdits::Note &note, const QString &title)
{
    m_corrected = note;
    m_step = note.step;
    m_edit->setText(note.text);
    fillMenu({}, title);
    show(note.run, tr("The note at step %1 of “%2”").arg(integerText(note.step), title));
}

void NoteBar::show(const QString &run, const QString &label)
{
    ++m_number;
    m_run = run;
    m_label->setFullText(label);
    m_add->setText(m_corrected.id > 0 ? tr("Save") : tr("Add note"));
    m_remove->setVisible(m_corrected.id > 0);
    for (QPushButton *button : {m_add, m_remove}) button->setEnabled(true);
    showError({});
    QWidget::show();
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_edit->selectAll();
}

void NoteBar::fillMenu(const std::vector<NoteEdits::Note> &near, const QString &title)
{
    m_menu->clear();
    addNoteActions(
        *m_menu, near, [this, title](const NoteEdits::Note &note) { beginCorrection(note, title); },
        [this](const NoteEdits::Note &note) {
            m_edits->change(note, {});
            close();
        });
    m_near->setVisible(!near.empty());
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
    QVariantMap draft{{u"run"_s, m_run}, {u"step"_s, m_step}, {u"text"_s, m_edit->text()}, {u"open"_s, !isHidden()}};
    if (m_corrected.id <= 0) return draft;
    if (isHidden() || m_edit->text() == m_corrected.text) return {}; // the note has it
    draft.insert(u"note"_s, m_corrected.id);
    draft.insert(u"before"_s, m_corrected.text);
    return draft;
}

void NoteBar::restore(const QVariantMap &draft, const QString &title)
{
    const QString run = draft.value(u"run"_s).toString();
    if (run.isEmpty() || !draft.contains(u"text"_s)) return;
    const qint64 step = draft.value(u"step"_s).toLongLong(), note = draft.value(u"note"_s).toLongLong();
    if (note > 0)
        beginCorrection({run, note, step, draft.value(u"before"_s).toString()}, title);
    else if (draft.value(u"open"_s).toBool())
        begin(run, title, step);
    m_run = run;
    m_step = step;
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
    if (m_corrected.id > 0) return correct();
    const QString text = m_edit->text().trimmed();
    if (text.isEmpty()) {
        showError(tr("Cannot add a note: it is empty, expected some words. Write what is to be seen at this step."));
        return;
    }
    m_add->setEnabled(false);
    m_edits->add({m_run, 0, m_step, text}, [this, number = m_number](const Result<void> &answer) {
        if (number != m_number) return;
        m_add->setEnabled(true);
        if (!answer.ok()) return showError(errorText(answer.error()));
        m_edit->clear();
        close();
    });
}

void NoteBar::correct()
{
    const QString text = m_edit->text().trimmed();
    if (text.isEmpty()) {
        showError(tr("Cannot save the note: it is empty, expected some words. Remove takes it away."));
        return;
    }
    if (text == m_corrected.text.trimmed()) return close(); // nothing was changed
    m_add->setEnabled(false);
    m_edits->change(m_corrected, text, [this, number = m_number](const Result<void> &answer) {
        if (number != m_number) return;
        m_add->setEnabled(true);
        if (!answer.ok()) return showError(errorText(answer.error()));
        close();
    });
}

void NoteBar::remove()
{
    m_remove->setEnabled(false);
    m_edits->change(m_corrected, {}, [this, number = m_number](const Result<void> &answer) {
        if (number != m_number) return;
        m_remove->setEnabled(true);
        if (!answer.ok()) return showError(errorText(answer.error()));
        close();
    });
}

void addNoteActions(QMenu &menu, const std::vector<NoteEdits::Note> &notes,
                    const std::function<void(const NoteEdits::Note &)> &edit,
                    const std::function<void(const NoteEdits::Note &)> &remove)
{
    for (const NoteEdits::Note &note : notes) {
        const QString line = note.text.simplified();
        QString text = line.size() > 40 ? line.left(39) + u'…' : line;
        text.replace(u'&', u"&&"_s);
        QObject::connect(menu.addAction(NoteBar::tr("Edit “%1”…").arg(text)), &QAction::triggered, &menu,
                         [note, edit] { edit(note); });
        QObject::connect(menu.addAction(NoteBar::tr("Remove “%1”").arg(text)), &QAction::triggered, &menu,
                         [note, remove] { remove(note); });
    }
}

void NoteBar::close()
{
    ++m_number;
    if (m_corrected.id > 0) m_edit->clear(); // it was the note's, not a draft
    m_corrected = {};
    hide();
    Q_EMIT closed();
}

void NoteBar::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) return close();
    QWidget::keyPressEvent(event);
}

} // namespace orrery::ui
