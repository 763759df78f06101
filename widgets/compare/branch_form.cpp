// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/branch_form.h"

#include "widgets/common/counted.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/field_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QScrollArea>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

BranchForm::BranchForm(QWidget *parent)
    : QWidget(parent), m_search(new QLineEdit(this)), m_more(new QCheckBox(tr("Seldom used"), this)),
      m_fixed(new QCheckBox(this)), m_scroll(new QScrollArea(this)), m_content(new QWidget),
      m_noMatch(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this))
{
    setObjectName(u"branchForm"_s);
    m_search->setObjectName(u"branchSearch"_s);
    m_search->setAccessibleName(tr("Search settings of the branch"));
    m_search->setPlaceholderText(tr("Search settings"));
    m_search->setClearButtonEnabled(true);
    m_more->setObjectName(u"branchMore"_s);
    m_fixed->setObjectName(u"branchFixed"_s);
    m_fixed->setToolTip(tr("Settings that the checkpoint's weights depend on, each with the reason why it stays"));
    m_noMatch->setWordWrap(true);
    m_noMatch->hide();
    new QVBoxLayout(m_content);
    m_content->layout()->setContentsMargins(0, 0, space::kOne, 0);
    m_content->layout()->setSpacing(space::kTwo);
    m_content->setAutoFillBackground(false);
    m_scroll->setObjectName(u"branchScroll"_s);
    m_scroll->setWidget(m_content);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->viewport()->setAutoFillBackground(false);
    auto *bar = new QHBoxLayout;
    bar->setSpacing(space::kOne);
    bar->addWidget(m_search, 1);
    bar->addWidget(m_more);
    bar->addWidget(m_fixed);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addLayout(bar);
    layout->addWidget(m_noMatch);
    layout->addWidget(m_scroll, 1);
    connect(m_search, &QLineEdit::textChanged, this, &BranchForm::arrange);
    connect(m_more, &QCheckBox::toggled, this, &BranchForm::arrange);
    connect(m_fixed, &QCheckBox::toggled, this, &BranchForm::arrange);
}

void BranchForm::setDraft(const BranchDraft &draft)
{
    for (const Group &group : m_groups) delete group.section;
    m_groups.clear();
    m_rows.clear();
    m_settings = std::make_shared<const RunSettings>(draft.parent());
    std::vector<std::string> names;
    for (const Field &field : m_settings->table->fields()) {
        if (field.key == "name" || field.key == "model.preset") continue; // the name has a line of its own
        auto found = std::find(names.begin(), names.end(), field.group);
        if (found == names.end()) {
            auto *section = new QWidget(m_content);
            section->setAccessibleName(fieldText(field.group));
            auto *column = new QVBoxLayout(section);
            column->setContentsMargins(0, 0, 0, 0);
            column->setSpacing(space::kHalf);
            column->addWidget(new ToneLabel(fieldText(field.group), Tone::Text, TypeSize::Heading, section));
            auto *grid = new QGridLayout;
            grid->setHorizontalSpacing(space::kOne);
            grid->setVerticalSpacing(space::kHalf);
            grid->setColumnMinimumWidth(0, 150);
            grid->setColumnMinimumWidth(2, 30); // of a reset button, shown or not
            grid->setColumnStretch(1, 1);
            column->addLayout(grid);
            m_content->layout()->addWidget(section);
            names.push_back(field.group);
            m_groups.push_back({section, grid});
            found = names.end() - 1;
        }
        addRow(draft, field, size_t(found - names.begin()));
    }
    static_cast<QVBoxLayout *>(m_content->layout())->addStretch(1);
    const auto numFixed = std::count_if(m_rows.begin(), m_rows.end(), [](const Row &row) { return row.isFixed; });
    m_fixed->setText(tr("Fixed by the checkpoint (%1)").arg(integerText(numFixed)));
    arrange();
}

void BranchForm::addRow(const BranchDraft &draft, const Field &field, size_t group)
{
    const QString key = fromStd(field.key);
    const std::optional<BranchRule> rule = draft.ruleOf(key);
    QWidget *section = m_groups[group].section;
    QGridLayout *grid = m_groups[group].grid;
    const QString label = fieldLabel(field);
    Row row{key,
            QString(key + u' ' + label + u' ' + fieldText(field.group) + u' ' + fieldText(field.effect)).toLower(),
            new ToneLabel(label, Tone::Text, TypeSize::Base, section),
            new FieldEditor(field, section),
            makeIconButton(u"undo"_s, tr("Reset %1").arg(label.toLower()), section),
            new ToneLabel(QString(), Tone::Error, TypeSize::Small, section),
            group,
            rule.has_value(),
            field.advanced};
    row.label->setToolTip(fieldToolTip(field));
    row.label->setBuddy(row.editor->control());
    row.editor->setEngine(m_engine);
    row.editor->setDefaultText(draft.parentText(key));
    row.reset->setObjectName(u"reset_"_s + key);
    row.note->setObjectName(u"note_"_s + key);
    row.note->setWordWrap(true);
    row.note->setMinimumWidth(80);
    if (rule) {
        row.note->setTone(Tone::Secondary);
        row.note->setText(tr("Stays %1.").arg(fromStd(rule->expected)));
        row.editor->setEnabled(false);
        row.editor->control()->setAccessibleDescription(row.note->text());
    }
    row.reset->hide();
    const int line = grid->rowCount();
    grid->addWidget(row.label, line, 0);
    grid->addWidget(row.editor, line, 1);
    grid->addWidget(row.reset, line, 2);
    grid->addWidget(row.note, line + 1, 1, 1, 2);
    m_rows.push_back(row);
    FieldEditor *editor = row.editor;
    connect(editor, &FieldEditor::edited, this, [this, editor, key] {
        const FieldType type = editor->field().type;
        // Choosing what holds anyway is no choice; typing it is: it takes back what was changed while the parent trained.
        const bool isChoice = type == FieldType::Choice || type == FieldType::Bool;
        if (isChoice && editor->givenText() == editor->defaultText()) editor->setGivenText(std::nullopt);
        if (const std::optional<QString> given = editor->givenText())
            Q_EMIT edited(key, *given);
        else
            Q_EMIT reset(key);
        arrange();
    });
    connect(row.reset, &QToolButton::clicked, this, [this, editor, key] {
        editor->setGivenText(std::nullopt);
        Q_EMIT reset(key);
        arrange();
        editor->control()->setFocus(Qt::OtherFocusReason);
    });
}

void BranchForm::restore(const QMap<QString, QString> &texts)
{
    for (const Row &row : m_rows)
        if (!row.isFixed) row.editor->setGivenText(texts.contains(row.key) ? std::optional(texts.value(row.key)) : std::nullopt);
    arrange();
}

void BranchForm::setProblems(const QMap<QString, QString> &problems)
{
    for (const Row &row : m_rows) {
        if (row.isFixed) continue;
        const QString problem = problems.value(row.key);
        row.note->setText(problem);
        row.editor->setInvalid(!problem.isEmpty());
        row.editor->control()->setAccessibleDescription(problem.isEmpty() ? fieldText(row.editor->field().effect) : problem);
    }
    arrange();
}

void BranchForm::arrange()
{
    const QString wanted = m_search->text().trimmed().toLower();
    std::vector<bool> isShownGroup(m_groups.size());
    bool hasMatch = false;
    for (const Row &row : m_rows) {
        const bool isGiven = row.editor->givenText().has_value();
        const bool hasNews = isGiven || (!row.isFixed && !row.note->text().isEmpty());
        bool isShown = row.isFixed ? m_fixed->isChecked() : !row.isAdvanced || m_more->isChecked() || hasNews;
        if (!wanted.isEmpty()) isShown = row.searchText.contains(wanted); // who looks for one is told why it stays
        row.label->setVisible(isShown);
        row.label->setTypeSize(isGiven ? TypeSize::Heading : TypeSize::Base);
        row.editor->setVisible(isShown);
        row.reset->setVisible(isShown && isGiven);
        row.note->setVisible(isShown && !row.note->text().isEmpty());
        if (isShown) isShownGroup[row.group] = true;
        hasMatch = hasMatch || isShown;
    }
    for (size_t i = 0; i < m_groups.size(); ++i) m_groups[i].section->setVisible(isShownGroup[i]);
    m_noMatch->setText(tr("No setting has “%1” in its name, key or description.").arg(m_search->text().trimmed()));
    m_noMatch->setVisible(!hasMatch && !wanted.isEmpty());
}

const BranchForm::Row *BranchForm::row(const QString &key) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&key](const Row &row) { return row.key == key; });
    return found == m_rows.end() ? nullptr : &*found;
}

FieldEditor *BranchForm::editor(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->editor : nullptr;
}

bool BranchForm::isRowShown(const QString &key) const
{
    const Row *found = row(key);
    return found && !found->editor->isHidden();
}

QString BranchForm::note(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->note->text() : QString();
}

void BranchForm::showField(const QString &key)
{
    const Row *found = row(key);
    if (!found) return;
    m_search->clear();
    if (found->isFixed) m_fixed->setChecked(true);
    if (found->isAdvanced) m_more->setChecked(true);
    QTimer::singleShot(0, found->editor, [this, editor = found->editor] {
        m_scroll->ensureWidgetVisible(editor, 0, 60);
        editor->control()->setFocus(Qt::OtherFocusReason);
    });
}

} // namespace orrery::ui
