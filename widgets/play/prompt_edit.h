// SPDX-License-Identifier: GPL-3.0-or-later
// A text editor that also takes files and pictures, dropped or pasted, where the mode has use for them. GUI
// thread only.
#pragma once

#include <QImage>
#include <QPlainTextEdit>
#include <QStringList>

namespace orrery::ui {

class PromptEdit : public QPlainTextEdit {
    Q_OBJECT
public:
    using QPlainTextEdit::QPlainTextEdit;
    void setTakesMedia(bool takesMedia) { m_takesMedia = takesMedia; }

Q_SIGNALS:
    void filesGiven(const QStringList &paths);
    void imageGiven(const QImage &image);

protected:
    bool canInsertFromMimeData(const QMimeData *source) const override;
    void insertFromMimeData(const QMimeData *source) override;

private:
    bool m_takesMedia = false;
};

} // namespace orrery::ui
