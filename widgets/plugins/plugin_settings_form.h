// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of one plugin as fields, checked while they are typed, each with a reset and its error under
// it. What is given belongs to no run yet. GUI thread only.
#pragma once

#include "core/spec/plugin_info.h"

#include <QMap>
#include <QWidget>

#include <vector>

class QGridLayout;
class QToolButton;

namespace orrery::ui {

class EngineSession;
class FieldEditor;
class ToneLabel;

class PluginSettingsForm : public QWidget {
    Q_OBJECT
public:
    explicit PluginSettingsForm(QWidget *parent = nullptr);
    /// As FieldEditor::setEngine(), before the first fields.
    void setEngine(const EngineSession *engine) { m_engine = engine; }
    /// Shows the settings of a plugin. What was given for one of the same key stays, checked by its rules of
    /// now.
    void setFields(std::vector<Field> fields);
    [[nodiscard]] int numFields() const { return static_cast<int>(m_rows.size()); }
    /// Key to text of what was given; also where it is wrong.
    [[nodiscard]] const QMap<QString, QString> &given() const { return m_given; }
    [[nodiscard]] bool isValid() const { return m_problems.isEmpty(); }
    [[nodiscard]] FieldEditor *editor(const QString &key) const; ///< nullptr when there is none
    [[nodiscard]] QString shownError(const QString &key) const;

Q_SIGNALS:
    void changed();

private:
    struct Row {
        QString key;
        ToneLabel *label;
        FieldEditor *editor;
        QToolButton *reset;
        ToneLabel *error;
    };
    void clear();
    void addRow(const Field &field);
    void takeEdit(Row &row);
    [[nodiscard]] const Row *row(const QString &key) const;

    std::vector<Field> m_fields; ///< editors refer to these: replaced only together with them
    std::vector<Row> m_rows;
    const EngineSession *m_engine = nullptr;
    QMap<QString, QString> m_given, m_problems;
    QGridLayout *m_grid;
};

} // namespace orrery::ui
