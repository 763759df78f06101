// SPDX-License-Identifier: GPL-3.0-or-later
// Labels that take colour and type from the theme by meaning, and follow it when it changes. GUI thread only.
#pragma once

#include <QLabel>

namespace orrery::ui {

enum class Tone : uint8_t { Text, Secondary, Accent, Good, Warning, Error };
enum class TypeSize : uint8_t { Base, Small, Heading, Mono };

QColor toneColor(Tone tone);
QFont typeFont(TypeSize size);

class ToneLabel : public QLabel {
    Q_OBJECT
public:
    explicit ToneLabel(const QString &text = {}, Tone tone = Tone::Text, TypeSize size = TypeSize::Base,
                       QWidget *parent = nullptr);
    void setTone(Tone tone);
    void setTypeSize(TypeSize size);
    [[nodiscard]] Tone tone() const { return m_tone; }

private:
    void applyTheme();

    Tone m_tone;
    TypeSize m_size;
};

/// One line that ends in an ellipsis when there is no room; the whole text is then its hover.
class ElidedLabel : public ToneLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(const QString &text = {}, Tone tone = Tone::Text, TypeSize size = TypeSize::Base,
                         QWidget *parent = nullptr);
    void setElideMode(Qt::TextElideMode mode);
    /// As QLabel::setText, with name and hover kept in step.
    void setFullText(const QString &text);
    [[nodiscard]] QString fullText() const { return m_fullText; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void elide();

    QString m_fullText;
    Qt::TextElideMode m_mode = Qt::ElideRight;
    bool m_isEliding = false;
};

} // namespace orrery::ui
