// SPDX-License-Identifier: GPL-3.0-or-later
// The one control for one field of the field table: a line with the unit inside for numbers, texts and lists,
// a box of choices, a switch, or a path or list of paths
// with Browse. Used by the New run form and by the live settings. GUI
// thread only.
#pragma once

#include "core/spec/field_table.h"

#include <QWidget>

#include <functional>
#include <optional>

class QCheckBox;
class QComboBox;
class QMenu;
class QToolButton;

namespace orrery::ui {

class EngineSession;
class UnitLineEdit;

class FieldEditor : public QWidget {
    Q_OBJECT
public:
    /// @param field from the field table, which outlives every widget
    explicit FieldEditor(const Field &field, QWidget *parent = nullptr);
    [[nodiscard]] const Field &field() const { return m_field; }
    /// The value that holds while nothing is given: a placeholder in lines, the chosen entry elsewhere.
    void setDefaultText(const QString &text);
    /// What an empty line says instead of its default: "automatic", "40, by the schedule".
    void setPlaceholder(const QString &text);
    [[nodiscard]] QString defaultText() const { return m_default; }
    /// Shows a given value, or the default when empty. Does not signal.
    void setGivenText(const std::optional<QString> &text);
    /// What a person gave, as parseFieldValue() reads it; nothing when the field stands at its default.
    [[nodiscard]] std::optional<QString> givenText() const;
    /// Given text, else the default's.
    [[nodiscard]] QString effectiveText() const { return givenText().value_or(m_default); }
    void setInvalid(bool isInvalid);
    [[nodiscard]] bool isInvalid() const;
    /// Whose files a path names; outlives the editor. Without one: those of this computer.
    void setEngine(const EngineSession *engine) { m_engine = engine; }
    /// Path fields only: adds "Use the example" to Browse.
    void setExamplePath(const std::function<QString()> &provider);
    /// The control that takes the focus.
    [[nodiscard]] QWidget *control() const { return m_control; }

Q_SIGNALS:
    void edited();    ///< by a person, at every key stroke
    void committed(); ///< Enter, focus out, or a choice

private:
    void addBrowse();
    void browse(bool wantsFolder);
    void takePath(const QString &path);
    void showWhoChose();
    void showUnit();
    void showBeginning();

    const Field &m_field;
    const EngineSession *m_engine = nullptr;
    QString m_default, m_placeholder;
    bool m_isGiven = false;
    QWidget *m_control = nullptr;
    UnitLineEdit *m_line = nullptr;
    QComboBox *m_box = nullptr;
    QCheckBox *m_check = nullptr;
    QMenu *m_browseMenu = nullptr;
};

/// "0.001 … 10 · frozen when the run starts": effect, range and key of a field, for hovers.
QString fieldToolTip(const Field &field);
QString fieldLabel(const Field &field);
/// "0, never" where the field's effect ends in "; 0: never.", "none" for an empty list: what stands for words is said in words.
QString fieldValueWords(const Field &field, const QString &value);
/// The same, of a number without such words with its unit: "1 step", "200 steps".
QString fieldValueWithUnit(const Field &field, const QString &value);

} // namespace orrery::ui
