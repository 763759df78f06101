// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of a branch: every one of its parent's, with those that may change as fields and, on demand, those that may not
// with the reason. Searched by name and key. GUI thread only.
#pragma once

#include "widgets/compare/branch_draft.h"

#include <QWidget>

#include <vector>

class QCheckBox;
class QGridLayout;
class QLineEdit;
class QScrollArea;
class QToolButton;

namespace orrery::ui {

class EngineSession;
class FieldEditor;
class ToneLabel;

class BranchForm : public QWidget {
    Q_OBJECT
public:
    explicit BranchForm(QWidget *parent = nullptr);
    /// As FieldEditor::setEngine(), before the first draft.
    void setEngine(const EngineSession *engine) { m_engine = engine; }
    /// Makes the fields; what was given for a draft before is gone.
    void setDraft(const BranchDraft &draft);
    /// Under their fields, by key. Those of others are not shown.
    void setProblems(const QMap<QString, QString> &problems);
    /// Keeps what is typed, also where it is wrong. @param texts by key
    void restore(const QMap<QString, QString> &texts);
    [[nodiscard]] FieldEditor *editor(const QString &key) const; ///< null: no such setting
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    [[nodiscard]] QCheckBox *fixedBox() const { return m_fixed; }
    [[nodiscard]] bool isRowShown(const QString &key) const;
    [[nodiscard]] QString note(const QString &key) const; ///< error or reason under a field
    void showField(const QString &key);

Q_SIGNALS:
    void edited(const QString &key, const QString &text); ///< as typed
    void reset(const QString &key);

private:
    struct Row {
        QString key, searchText;
        ToneLabel *label;
        FieldEditor *editor;
        QToolButton *reset;
        ToneLabel *note;
        size_t group;
        bool isFixed, isAdvanced;
    };
    struct Group {
        QWidget *section;
        QGridLayout *grid;
    };
    void addRow(const BranchDraft &draft, const Field &field, size_t group);
    void arrange();
    [[nodiscard]] const Row *row(const QString &key) const;

    RunSettings::Ptr m_settings; ///< the fields live in its table
    std::vector<Row> m_rows;
    const EngineSession *m_engine = nullptr;
    std::vector<Group> m_groups;
    QLineEdit *m_search;
    QCheckBox *m_more, *m_fixed;
    QScrollArea *m_scroll;
    QWidget *m_content;
    ToneLabel *m_noMatch;
};

} // namespace orrery::ui
