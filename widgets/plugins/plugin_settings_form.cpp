// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plugins/plugin_settings_form.h"

#include "core/spec/field_table.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QGridLayout>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

PluginSettingsForm::PluginSettingsForm(QWidget *parent) : QWidget(parent), m_grid(new QGridLayout(this))
{
    setObjectName(u"pluginSettings"_s);
    setAccessibleName(tr("Settings of the plugin"));
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(space::kOne);
    m_grid->setVerticalSpacing(space::kHalf);
    m_grid->setColumnMinimumWidth(0, 120);
    m_grid->setColumnMinimumWidth(2, 36); // of a reset button, shown or not
    m_grid->setColumnStretch(1, 1);
}

void PluginSettingsForm::setFields(std::vector<Field> fields)
{
    const QMap<QString, QString> before = m_given;
    clear();
    m_fields = std::move(fields);
    m_rows.reserve(m_fields.size());
    for (const Field &field : m_fields) addRow(field);
    for (Row &row : m_rows) {
        if (!before.contains(row.key)) continue;
        row.editor->setGivenText(before[row.key]);
        takeEdit(row);
    }
    Q_EMIT changed();
}

void PluginSettingsForm::clear()
{
    for (const Row &row : m_rows)
        for (QWidget *widget : std::initializer_list<QWidget *>{row.label, row.editor, row.reset, row.error})
            delete widget;
    m_rows.clear();
    m_given.clear();
    m_problems.clear();
}

void PluginSettingsForm::addRow(const Field &field)
{
    const QString key = fromStd(field.key);
    Row row{key, new ToneLabel(fieldLabel(field), Tone::Text, TypeSize::Base, this),
            new FieldEditor(field, this),
            makeIconButton(u"undo"_s, tr("Reset %1").arg(fieldLabel(field).toLower()), this),
            new ToneLabel(QString(), Tone::Error, TypeSize::Small, this)};
    row.label->setToolTip(fieldToolTip(field));
    row.label->setBuddy(row.editor->control());
    row.editor->setEngine(m_engine);
    row.editor->setDefaultText(fromStd(fieldValueText(field.get(RunSpec{}))));
    row.reset->setObjectName(u"reset_"_s + key);
    row.reset->hide();
    row.error->setObjectName(u"error_"_s + key);
    row.error->setWordWrap(true);
    row.error->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row.error->hide();
    const int line = 2 * static_cast<int>(m_rows.size());
    m_grid->addWidget(row.label, line, 0);
    m_grid->addWidget(row.editor, line, 1);
    m_grid->addWidget(row.reset, line, 2);
    m_grid->addWidget(row.error, line + 1, 1, 1, 2);
    m_rows.push_back(row);
    const size_t index = m_rows.size() - 1;
    connect(row.editor, &FieldEditor::edited, this, [this, index] { takeEdit(m_rows[index]); });
    connect(row.reset, &QToolButton::clicked, this, [this, index] {
        Row &reset = m_rows[index];
        reset.editor->setGivenText(std::nullopt);
        takeEdit(reset);
        reset.editor->control()->setFocus(Qt::OtherFocusReason);
    });
}

void PluginSettingsForm::takeEdit(Row &row)
{
    const std::optional<QString> given = row.editor->givenText();
    m_given.remove(row.key);
    m_problems.remove(row.key);
    if (given) {
        m_given.insert(row.key, *given);
        if (const auto value = parseFieldValue(row.editor->field(), toStd(*given)); !value)
            m_problems.insert(row.key, errorText(value.error()));
    }
    const QString problem = m_problems.value(row.key);
    row.label->setTypeSize(given ? TypeSize::Heading : TypeSize::Base);
    row.reset->setVisible(given.has_value());
    row.editor->setInvalid(!problem.isEmpty());
    row.editor->control()->setAccessibleDescription(problem.isEmpty() ? fieldText(row.editor->field().effect)
                                                                      : problem);
    row.error->setText(problem);
    row.error->setVisible(!problem.isEmpty());
    Q_EMIT changed();
}

const PluginSettingsForm::Row *PluginSettingsForm::row(const QString &key) const
{
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(), [&](const Row &one) { return one.key == key; });
    return found == m_rows.end() ? nullptr : &*found;
}

FieldEditor *PluginSettingsForm::editor(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->editor : nullptr;
}

QString PluginSettingsForm::shownError(const QString &key) const
{
    const Row *found = row(key);
    return found ? found->error->text() : QString();
}

} // namespace orrery::ui
