// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/labels_dialog.h"

#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/word_completer.h"
#include "widgets/theme/theme.h"

#include <QDialogButtonBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxTags = 64, kMaxTagLetters = 64; ///< as the engine takes them
constexpr int kMaxNotesBytes = 64 * 1024;

QStringList proposalsFor(const QString &word, const QStringList &inUse, const QStringList &taken)
{
    QStringList found;
    if (word.isEmpty()) return found;
    for (const QString &tag : inUse)
        if (tag.contains(word, Qt::CaseInsensitive) && !taken.contains(tag)) found << tag;
    return found;
}

} // namespace

LabelsDialog::LabelsDialog(const About &about, QWidget *parent)
    : QDialog(parent), m_before(about.tags), m_tags(new QLineEdit(about.tags.join(u", "_s), this)),
      m_problem(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this))
{
    setObjectName(u"labelsDialog"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(about.hasNotes ? tr("Tags and notes of %1").arg(about.title)
                                  : tr("Tags of %1").arg(about.title));
    m_tags->setObjectName(u"tagLine"_s);
    m_tags->setPlaceholderText(tr("baseline, seed 3"));
    m_tags->setAccessibleName(tr("Tags, with commas between them"));
    m_tags->setClearButtonEnabled(true);
    new WordCompleter(*m_tags, u',', [this, inUse = about.tagsInUse](const QString &word) {
        return proposalsFor(word.trimmed(), inUse, tags());
    });
    m_problem->setObjectName(u"tagProblem"_s);
    m_problem->setWordWrap(true);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kHalf);
    auto *tagTitle =
        new ToneLabel(tr("Tags, with commas between them"), Tone::Secondary, TypeSize::Small, this);
    tagTitle->setBuddy(m_tags);
    layout->addWidget(tagTitle);
    layout->addWidget(m_tags);
    layout->addWidget(m_problem);
    if (!about.someTags.isEmpty()) {
        auto *some =
            new ToneLabel(tr("Some of them also have: %1. These stay.").arg(about.someTags.join(u", "_s)),
                          Tone::Secondary, TypeSize::Small, this);
        some->setTextFormat(Qt::PlainText);
        some->setWordWrap(true);
        layout->addWidget(some);
    }
    if (about.hasNotes) {
        layout->addSpacing(space::kOne);
        m_notes = new QPlainTextEdit(this);
        m_notes->setObjectName(u"notesEdit"_s);
        m_notes->setAccessibleName(tr("Notes (Markdown)"));
        m_notes->setTabChangesFocus(true);
        m_notes->setEnabled(false);
        m_notes->setPlaceholderText(tr("Reading the notes …"));
        auto *notesTitle = new ToneLabel(tr("Notes (Markdown)"), Tone::Secondary, TypeSize::Small, this);
        notesTitle->setBuddy(m_notes);
        layout->addWidget(notesTitle);
        layout->addWidget(m_notes, 1);
        connect(m_notes, &QPlainTextEdit::textChanged, this, &LabelsDialog::check);
    }
    auto *buttons = new QDialogButtonBox(this);
    m_save = new QPushButton(tr("Save"), this);
    m_save->setObjectName(u"saveLabels"_s);
    m_save->setToolTip(tr("Save (Ctrl+Enter)"));
    makePrimary(m_save); // before the box lays it out, and with that polishes it
    buttons->addButton(m_save, QDialogButtonBox::AcceptRole);
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    layout->addSpacing(space::kOne);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Enter})
        connect(new QShortcut(QKeySequence(Qt::CTRL | key), this), &QShortcut::activated, m_save,
                &QPushButton::click);
    connect(m_tags, &QLineEdit::textChanged, this, &LabelsDialog::check);
    check();
    resize(440, about.hasNotes ? 320 : sizeHint().height());
}

void LabelsDialog::setNotes(const QString &notes)
{
    if (!m_notes) return;
    m_notesBefore = notes;
    m_notes->setPlainText(m_draftNotes.value_or(notes));
    m_draftNotes.reset();
    m_notes->setPlaceholderText(tr("What this run was for, and what came of it."));
    m_notes->setEnabled(true);
}

void LabelsDialog::setNotesFailed(const QString &reason)
{
    if (m_notes) m_notes->setPlaceholderText(reason);
}

QVariantMap LabelsDialog::draft() const
{
    QVariantMap draft{{u"tags"_s, m_tags->text()}};
    if (m_draftNotes)
        draft.insert(u"notes"_s, *m_draftNotes);
    else if (m_notes && m_notes->isEnabled() && m_notes->toPlainText() != m_notesBefore)
        draft.insert(u"notes"_s, m_notes->toPlainText());
    return draft;
}

void LabelsDialog::setDraft(const QVariantMap &draft)
{
    m_tags->setText(draft.value(u"tags"_s).toString());
    const QVariant notes = draft.value(u"notes"_s);
    if (!m_notes || !notes.isValid()) return;
    if (m_notes->isEnabled())
        m_notes->setPlainText(notes.toString());
    else
        m_draftNotes = notes.toString();
}

QStringList LabelsDialog::parseTags(const QString &text)
{
    QStringList tags;
    const QStringList parts = text.split(u',');
    for (const QString &part : parts)
        if (const QString tag = part.simplified(); !tag.isEmpty() && !tags.contains(tag)) tags << tag;
    return tags;
}

QStringList LabelsDialog::tags() const
{
    // A tag that was given elsewhere may have a comma in it.
    return m_tags->text() == m_before.join(u", "_s) ? m_before : parseTags(m_tags->text());
}

QString LabelsDialog::notes() const
{
    return m_notes && m_notes->isEnabled() ? m_notes->toPlainText() : m_notesBefore;
}

QString LabelsDialog::tagProblem(const QStringList &tags)
{
    if (tags.size() > kMaxTags)
        return tr("There are %1 tags, expected %2 at most. Take some off.").arg(tags.size()).arg(kMaxTags);
    for (const QString &tag : tags)
        if (const auto letters = tag.toUcs4().size(); letters > kMaxTagLetters)
            return tr("The tag “%1…” has %2 characters, expected %3 at most. Make it shorter, or write it "
                      "into the notes.")
                .arg(tag.left(20))
                .arg(letters)
                .arg(kMaxTagLetters);
    return {};
}

void LabelsDialog::check()
{
    QString problem = tagProblem(tags());
    if (problem.isEmpty() && m_notes)
        if (const auto bytes = m_notes->toPlainText().toUtf8().size(); bytes > kMaxNotesBytes)
            problem = tr("The notes have %1 bytes, expected %2 at most. Shorten them, or keep them in a file "
                         "beside the run.")
                          .arg(integerText(bytes), integerText(kMaxNotesBytes));
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    if (m_save) m_save->setEnabled(problem.isEmpty());
}

} // namespace orrery::ui
