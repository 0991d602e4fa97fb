import operations, time, subprocess, sys
from points import Bench, Point
o=next(o for o in operations.OPERATIONS if o.name==sys.argv[1])
b=Bench(o); b.prepare()
try:
    for i in range(3):
        mon=subprocess.Popen([__import__('os').environ['B']+'/xlagg','--socket',str(b.world.folder/'a.sock'),'monitor'],stdout=subprocess.PIPE,text=True)
        monb=subprocess.Popen([__import__('os').environ['B']+'/xlagg','--socket',str(b.world.folder/'b.sock'),'monitor'],stdout=subprocess.PIPE,text=True)
        time.sleep(.3)
        since=b.world.log_size()
        r=b.judge(Point(sys.argv[2])); time.sleep(1); mon.kill(); monb.kill()
        print(r[1], r[2][:1]); 
        print(open(b.world.folder/'agent-a.log').read()[since:][:3000]); print("EVENTS A", mon.stdout.read()[:2500]); print("EVENTS B", monb.stdout.read()[:2500], flush=True)
        if r[2]: break
finally: b.remove()
