// SPDX-License-Identifier: GPL-3.0-or-later
// A sentence that goes on in further lines where there is no room for it in one. GUI thread only.
#pragma once

#include "widgets/common/tone_label.h"

namespace orrery::ui {

/// Keeps the lines that it once needed until its width changes: what stands beside it does not move with
/// every sentence that the pointer brings.
class WrappedLabel : public ToneLabel {
    Q_OBJECT
public:
    WrappedLabel(Tone tone, TypeSize size, QWidget *parent = nullptr);
    void setSentence(const QString &sentence);
    [[nodiscard]] QSize sizeHint() const override; ///< as long as it is, as high as at its width

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void fit();
};

} // namespace orrery::ui
