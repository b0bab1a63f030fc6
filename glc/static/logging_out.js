// Go on once the slowest service has had its time. Without scripts the page goes on when every frame has loaded.
const times = Array.from(document.querySelectorAll("iframe"), (frame) => Number(frame.dataset.timeout));
setTimeout(() => location.replace(document.getElementById("a2-continue").href), Math.max(...times));
