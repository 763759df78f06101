// SPDX-License-Identifier: GPL-3.0-or-later
// A form over the field table: every setting of a run, grouped, searchable, checked while it is typed. Knows
// of an engine only whose files a path names. GUI thread only.
#pragma once

#include "core/spec/field_table.h"

#include <QMap>
#include <QWidget>

#include <functional>
#include <vector>

class QGridLayout;
class QHBoxLayout;
class QLineEdit;
class QScrollArea;
class QToolButton;
class QVBoxLayout;

namespace orrery::ui {

class EngineSession;
class FieldEditor;
class SegmentedChoice;
class ToneLabel;

class SpecForm : public QWidget {
    Q_OBJECT
public:
    explicit SpecForm(QWidget *parent = nullptr);
    /// The fields that the engine has with its plugins, in place of those so far; what was given stays, also
    /// where only a later table knows its key.
    void setTable(FieldTable::Ptr table);
    [[nodiscard]] const FieldTable::Ptr &table() const { return m_table; }
    /// Values given and readable; those that are not stand as problems.
    [[nodiscard]] const SpecBuilder &builder() const { return m_builder; }
    /// Shows the values of another run or draft in place of those given so far.
    void setBuilder(const SpecBuilder &builder);
    void setGiven(const QString &key, const QString &text);
    void resetAll();

    /// No problem of any kind, so that builder().build() succeeds.
    [[nodiscard]] bool isValid() const { return m_problems.isEmpty(); }
    /// Key and message of the first problem in the form's order; empty key when there is none.
    [[nodiscard]] std::pair<QString, QString> firstProblem() const;
    /// Keys of all of them, in the form's order.
    [[nodiscard]] QStringList problemKeys() const;
    /// A problem that only the engine can see (no such file); stays until the field is edited or it is
    /// cleared.
    void setOutsideProblem(const QString &key, const QString &message);
    void clearOutsideProblem(const QString &key) { setOutsideProblem(key, QString()); }
    [[nodiscard]] QString shownError(const QString &key) const; ///< as it stands under the field

    /// What was typed, also where it is wrong.
    [[nodiscard]] QString draftJson() const;
    void restoreDraft(const QString &json);

    void setExamplePath(const std::function<QString()> &provider);
    /// As FieldEditor::setEngine()
    void setEngine(const EngineSession *engine);
    /// Puts a widget beside the presets ("From run …").
    void addPresetWidget(QWidget *widget);
    [[nodiscard]] FieldEditor *
    editor(const QString &key) const; ///< nullptr for model.preset, which is presets()
    [[nodiscard]] SegmentedChoice *presets() const { return m_presets; }
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    [[nodiscard]] bool isRowShown(const QString &key) const;
    /// Unfolds, scrolls to and focuses a field.
    void showField(const QString &key);

Q_SIGNALS:
    void changed(); ///< values, problems or both
    void committed(const QString &key); ///< as FieldEditor::committed()
    void presetAboutToChange();         ///< by a person
    void presetChosen(const QString &preset);

private:
    struct Row {
        const Field *field;
        QString key, searchText;
        ToneLabel *label;
        FieldEditor *editor;
        QToolButton *reset;
        ToneLabel *error;
        int group;
        bool isTouched = false;
    };
    struct Group {
        QString name;
        QWidget *section;
        QGridLayout *grid;
        QToolButton *more;
        bool isUnfolded = false;
    };
    void makePresets(QVBoxLayout *layout);
    void makeGroups();
    void removeGroups();
    void addRow(const Field &field, int group);
    [[nodiscard]] Row *row(const QString &key);
    [[nodiscard]] const Row *row(const QString &key) const;
    void takeEdit(Row &row);
    void resetField(const QString &key);
    void refresh();
    void showDefaults(const RunSpec &defaults, const RunSpec &preview);
    void showProblems(const RunSpec &preview);
    [[nodiscard]] bool isModelChanged(const RunSpec &defaults, const RunSpec &preview) const;
    void alignGroups();
    void arrange();

    FieldTable::Ptr m_table;
    SpecBuilder m_builder;
    QMap<QString, QString> m_unknown; ///< texts of a draft whose keys the table does not have
    QMap<QString, QString> m_unreadable, m_outside, m_problems; ///< key to message
    std::vector<Row> m_rows;
    std::vector<Group> m_groups;
    std::vector<std::string> m_usedPlugins; ///< by the values given now; settings of others are folded away
    std::function<QString()> m_examplePath;
    const EngineSession *m_engine = nullptr;
    QVBoxLayout *m_groupLayout = nullptr;
    SegmentedChoice *m_presets;
    ToneLabel *m_presetTitle;
    QHBoxLayout *m_presetRow;
    QLineEdit *m_search;
    QScrollArea *m_scroll;
    ToneLabel *m_noMatch;
};

} // namespace orrery::ui
