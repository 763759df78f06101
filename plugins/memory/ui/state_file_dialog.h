// SPDX-License-Identifier: GPL-3.0-or-later
// Where a memory is saved to or loaded from: a path on the engine's computer, which may be another one than
// this. Says what happens to what is there; a path that cannot be is told under the field. GUI thread only.
#pragma once

#include <QDialog>

class QPushButton;

namespace orrery::ui {
class ToneLabel;
class UnitLineEdit;
} // namespace orrery::ui

namespace orrery::memory_ui {

class StateFileDialog : public QDialog {
    Q_OBJECT
public:
    enum class Kind : uint8_t { Save, Load };
    /// @param model whose memory it is   @param replaced "46 events": what a load takes the place of; empty:
    /// nothing is there
    StateFileDialog(Kind kind, const QString &model, const QString &replaced, QWidget *parent);
    void setPath(const QString &path);
    [[nodiscard]] QString path() const;

Q_SIGNALS:
    void pathChosen(const QString &path);

private:
    void confirm();
    void checkPath();

    Kind m_kind;
    ui::UnitLineEdit *m_path;
    ui::ToneLabel *m_error;
    QPushButton *m_confirm;
};

/// "memory-code-7M.safetensors" in this folder.
QString proposedMemoryFile(const QString &folder, const QString &model);

} // namespace orrery::memory_ui
